import { beforeEach, expect, it } from 'vitest';
import { endIdleCall } from '../../../../functions/control/triggers/end-idle-call.ts';
import { callTicket } from '../../../support/call-ticket.ts';
import { CONNECTED_ID, report, ring } from '../../../support/connected-call.ts';
import { type Answer, ControlBench } from '../../../support/control-bench.ts';

let bench: ControlBench;

beforeEach(async () => {
  bench = new ControlBench();
  await ring(bench);
  await report(bench, 'CallConnected');
});

async function end(callId = CONNECTED_ID): Promise<Answer> {
  return await bench.call(endIdleCall(bench.load), {
    params: { callId: CONNECTED_ID },
    headers: { authorization: `Bearer ${await callTicket(bench, { callId })}` },
  });
}

it('is hung up for everybody, and the timeline says why', async () => {
  expect((await end()).status).toBe(202);
  expect(bench.control.count('hangUp')).toBe(1);
  const entry = (await bench.store.timeline(CONNECTED_ID, 100)).find(
    ({ type }) => type === 'HangUpRequested',
  );
  expect(entry?.details).toEqual({ reason: 'idle' });
});

it('is not for whoever has the ticket of another call', async () => {
  expect((await end('b'.repeat(32))).status).toBe(401);
  expect(bench.control.count('hangUp')).toBe(0);
});
