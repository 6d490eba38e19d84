import { beforeEach, expect, it } from 'vitest';
import { callEvents } from '../../../functions/control/call-events.ts';
import { endIdleCall } from '../../../functions/control/end-idle-call.ts';
import { incomingCall } from '../../../functions/control/incoming-call.ts';
import { callIdOf } from '../../../functions/control/use-cases/receive-incoming-call.ts';
import { signTicket } from '../../../shared/protocol/ticket.ts';
import { PLAN } from '../../support/calls.ts';
import {
  type Answer,
  CALLED,
  CALLER,
  CONTEXT,
  ControlBench,
  TICKET_KEY,
} from '../../support/control-bench.ts';

const CALL_ID = callIdOf(CONTEXT);

let bench: ControlBench;

beforeEach(async () => {
  bench = new ControlBench();
  await incomingCall(bench.load)(bench.incomingEvent(), bench.context());
  await bench.call(callEvents(bench.load), {
    params: { callId: CALL_ID },
    headers: { authorization: 'Bearer good' },
    body: [bench.callbackEvent('CallConnected', 'connected')],
  });
});

async function end(callId = CALL_ID): Promise<Answer> {
  const expiresAtMs = bench.nowMs + 60_000;
  const ticket = await signTicket(
    { callId, from: CALLER, to: CALLED, plan: PLAN, expiresAtMs },
    TICKET_KEY,
    bench.nowMs,
  );
  return await bench.call(endIdleCall(bench.load), {
    params: { callId: CALL_ID },
    headers: { authorization: `Bearer ${ticket}` },
  });
}

it('is hung up for everybody, and the timeline says why', async () => {
  expect((await end()).status).toBe(202);
  expect(bench.control.count('hangUp')).toBe(1);
  const entry = (await bench.store.timeline(CALL_ID, 100)).find(({ type }) => type === 'HangUpRequested');
  expect(entry?.details).toEqual({ reason: 'idle' });
});

it('is not for whoever has the ticket of another call', async () => {
  expect((await end('b'.repeat(32))).status).toBe(401);
  expect(bench.control.count('hangUp')).toBe(0);
});
