import { beforeEach, expect, it } from 'vitest';
import { endIdleCall } from '../../../../functions/control/triggers/relay-requests.ts';
import type { CallPlan } from '../../../../shared/call/plan.ts';
import { problemType } from '../../../../shared/wire/api/problem.ts';
import { relayProof } from '../../../support/call-ticket.ts';
import { PLAN } from '../../../support/calls.ts';
import { CONNECTED_ID, report, ring } from '../../../support/connected-call.ts';
import { type Answer, ControlFixture } from '../../../support/control-fixture.ts';

let fixture: ControlFixture;

async function begin(plan: CallPlan = { ...PLAN, idleMs: 60_000 }): Promise<void> {
  fixture = new ControlFixture([{ name: 'everyone', match: {}, action: 'answer', plan }]);
  await ring(fixture);
  await report(fixture, 'CallConnected');
}

async function end(callId = CONNECTED_ID): Promise<Answer> {
  return await fixture.call(endIdleCall(fixture.load), {
    params: { callId: CONNECTED_ID },
    headers: { authorization: `Bearer ${await relayProof(fixture, 'idle', callId)}` },
  });
}

beforeEach(() => begin());

it('is hung up for everybody, and the timeline says why', async () => {
  expect((await end()).status).toBe(202);
  expect(fixture.acs.count('hangUp')).toBe(1);
  const entry = (await fixture.store.timeline(CONNECTED_ID, 100)).find(
    ({ type }) => type === 'HangUpRequested',
  );
  expect(entry?.details).toEqual({ by: 'silence', reason: 'idle' });
});

it('is not for a relay that proves to stream another call', async () => {
  expect((await end('b'.repeat(32))).status).toBe(401);
  expect(fixture.acs.count('hangUp')).toBe(0);
});

it('goes on where its route does not say how long it may be silent', async () => {
  await begin(PLAN);
  const answer = await end();
  expect(answer).toMatchObject({ status: 422, json: { type: problemType('operation-not-possible') } });
  expect(answer.json).toMatchObject({
    detail: 'Silence does not end this call: its route sets no idleSeconds.',
  });
  expect(fixture.acs.count('hangUp')).toBe(0);
});

it('is refused for a call that has ended', async () => {
  await report(fixture, 'CallDisconnected');
  expect(await end()).toMatchObject({ status: 409, json: { type: problemType('call-ended') } });
});
