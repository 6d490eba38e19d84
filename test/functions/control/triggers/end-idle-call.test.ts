import { beforeEach, expect, it } from 'vitest';
import { endIdleCall } from '../../../../functions/control/triggers/relay-requests.ts';
import { callTicket } from '../../../support/call-ticket.ts';
import { CONNECTED_ID, report, ring } from '../../../support/connected-call.ts';
import { type Answer, ControlFixture } from '../../../support/control-fixture.ts';

let fixture: ControlFixture;

beforeEach(async () => {
  fixture = new ControlFixture();
  await ring(fixture);
  await report(fixture, 'CallConnected');
});

async function end(callId = CONNECTED_ID): Promise<Answer> {
  return await fixture.call(endIdleCall(fixture.load), {
    params: { callId: CONNECTED_ID },
    headers: { authorization: `Bearer ${await callTicket(fixture, { callId })}` },
  });
}

it('is hung up for everybody, and the timeline says why', async () => {
  expect((await end()).status).toBe(202);
  expect(fixture.acs.count('hangUp')).toBe(1);
  const entry = (await fixture.store.timeline(CONNECTED_ID, 100)).find(
    ({ type }) => type === 'HangUpRequested',
  );
  expect(entry?.details).toEqual({ reason: 'idle' });
});

it('is not for whoever has the ticket of another call', async () => {
  expect((await end('b'.repeat(32))).status).toBe(401);
  expect(fixture.acs.count('hangUp')).toBe(0);
});
