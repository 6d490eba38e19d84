import { expect, it } from 'vitest';
import { step } from '../../../../functions/control/call/call.ts';
import type { CallEvent } from '../../../../functions/control/call/event.ts';
import type { Call } from '../../../../functions/control/call/model.ts';
import { SETUP_LIMIT_MS } from '../../../../functions/control/call/time.ts';
import { aCall, CONNECTION_ID, T0 } from '../../../support/calls.ts';

/** After so long ACS is asked again. */
const HANG_UP_LIMIT_MS = 60_000;

const known = { callConnectionId: CONNECTION_ID };
const connected = aCall({ phase: 'connected', ...known, connectedAtMs: T0 });
const placing = aCall({ phase: 'placing', direction: 'outbound', ...known });

let ids = 0;

function callback(
  kind: 'CallDisconnected' | 'CreateCallFailed' | 'AnswerFailed' | 'MediaStreamingFailed',
  more: Record<string, unknown> = {},
): CallEvent {
  ids += 1;
  const about = { id: `event-${ids}`, kind, type: kind, details: {}, ...known, ...more };
  return { type: 'Callback', callback: about };
}

const hangUp = (by?: 'worker' | 'silence' | 'application'): CallEvent => ({
  type: 'HangUpRequested',
  id: 'r',
  ...(by === undefined ? {} : { by }),
});

function after(call: Call, ...events: readonly CallEvent[]): Call {
  return events.reduce((now, event, index) => step(now, event, T0 + index).call, call);
}

const GONE: CallEvent = { type: 'CallGone' };
const over = (code?: number): CallEvent =>
  callback('CallDisconnected', code === undefined ? {} : { details: { code } });

it.each<[string, Call, readonly CallEvent[], Call['endedBy']]>([
  ['hung up by a participant', connected, [over()], 'participant'],
  ['hung up by a participant, with a code that says so', connected, [over(200)], 'participant'],
  ['hung up through the API', connected, [hangUp(), over()], 'application'],
  ['hung up by a worker', connected, [hangUp('worker'), over()], 'worker'],
  [
    'hung up by a worker, and then through the API',
    connected,
    [hangUp('worker'), hangUp(), over()],
    'worker',
  ],
  ['silent for too long', connected, [hangUp('silence'), over()], 'silence'],
  ['cut off by a fault', connected, [over(500)], 'failure'],
  ['handed over', aCall({ ...connected, transferredAtMs: T0 }), [over()], 'transfer'],
  ['found to be gone', connected, [GONE], 'unknown'],
  ['hung up by a worker, and found to be gone', connected, [hangUp('worker'), GONE], 'worker'],
  ['hung up before it was answered', placing, [hangUp(), over()], 'application'],
  [
    'declined by who was called',
    placing,
    [callback('CreateCallFailed', { failure: 'declined', details: { code: 603 } })],
    'participant',
  ],
  ['not answered', placing, [callback('CreateCallFailed', { failure: 'no-answer' })], 'failure'],
  ['not placed', placing, [{ type: 'PlaceFailed', reason: 'why' }, over()], 'failure'],
  [
    'rejected by its route',
    aCall({ phase: 'answering', claim: 'one', attempts: 1, decision: 'reject' }),
    [{ type: 'RejectSucceeded', claim: 'one' }],
    'route',
  ],
  [
    'not answered by ACS',
    aCall({ phase: 'answering', claim: 'one', attempts: 1 }),
    [{ type: 'AnswerFailed', claim: 'one', final: true, reason: 'why' }],
    'failure',
  ],
])('a call that was %s', (_, call, events, endedBy) => {
  const ended = after(call, ...events);
  expect(ended.phase).toBe('ended');
  expect(ended.endedBy).toBe(endedBy);
});

it('a call that lasts for as long as it may is ended by the time limit, however often ACS is asked', () => {
  const late = step({ ...connected, expiresAtMs: T0 + 10 }, { type: 'Tick' }, T0 + 10).call;
  const again = step(late, { type: 'Tick' }, T0 + 10 + HANG_UP_LIMIT_MS).call;
  expect(step(again, over(), T0 + 11 + HANG_UP_LIMIT_MS).call).toMatchObject({
    phase: 'ended',
    endedBy: 'time-limit',
  });
});

it('a call that is not set up in time is ended by the time limit', () => {
  const late = step(placing, { type: 'Tick' }, T0 + SETUP_LIMIT_MS).call;
  expect(step(late, over(), T0 + SETUP_LIMIT_MS).call.endedBy).toBe('time-limit');
});

it('nobody ends a call whose hang-up failed, until somebody does', () => {
  const failed = after(connected, hangUp('worker'), {
    type: 'HangUpFailed',
    id: 'r',
    reason: 'why',
    isAwaited: true,
  });
  expect(failed).not.toHaveProperty('endedBy');
  expect(after(failed, over()).endedBy).toBe('participant');
});

it('nobody has ended a call that ACS has connected after all, and who asked for its end still asks', () => {
  const ended = after(connected, over());
  const seen: CallEvent = { type: 'Observed', properties: { state: 'connected' }, askedAtMs: T0 };
  expect(ended.endedBy).toBe('participant');
  expect(after(ended, seen)).not.toHaveProperty('endedBy');
  const asked = after(connected, hangUp('worker'), over());
  expect(after(asked, seen)).toMatchObject({ phase: 'connected', endedBy: 'worker' });
});

it('the route ends a call that it hangs up as streaming has failed', () => {
  const fails = callback('MediaStreamingFailed', { reason: 'why' });
  let call: Call = {
    ...connected,
    onStreamingFailed: 'hang-up',
    streaming: { ...connected.streaming, state: 'active', sinceMs: T0 },
  };
  for (let attempt = 0; attempt < 20 && call.hangUpRequestedAtMs === undefined; attempt += 1) {
    const nowMs = T0 + 600_000 * (attempt + 1);
    call = step({ ...call, expiresAtMs: nowMs * 2 }, fails, nowMs).call;
    const { retryAtMs, retries } = call.streaming;
    if (retryAtMs !== undefined) call = step(call, { type: 'RetryDue', retry: retries + 1 }, retryAtMs).call;
    call = { ...call, seenEvents: [] };
  }
  expect(call.endedBy).toBe('route');
});
