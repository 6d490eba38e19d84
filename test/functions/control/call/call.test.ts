import { describe, expect, it } from 'vitest';
import { step } from '../../../../functions/control/call/call.ts';
import type { CallEvent } from '../../../../functions/control/call/event.ts';
import { type Call, SEEN_EVENTS } from '../../../../functions/control/call/model.ts';
import { SETUP_LIMIT_MS } from '../../../../functions/control/call/time.ts';
import { aCall, aCallback, CONNECTION_ID, callAfter, PLAN, T0 } from '../../../support/calls.ts';

const LOST_AFTER_MS = 86_400_000;
const HANG_UP_LIMIT_MS = 60_000;
const ANSWER_LEASE_MS = 10_000;

const incoming: CallEvent = { type: 'IncomingCall', claim: 'one' };
const answered: CallEvent = { type: 'AnswerSucceeded', claim: 'one', callConnectionId: CONNECTION_ID };
const failed = (final: boolean, claim = 'one'): CallEvent => ({
  type: 'AnswerFailed',
  claim,
  final,
  reason: 'refused',
});

function connected(fields: Partial<Call> = {}): Call {
  return callAfter(aCall(fields), incoming, answered, aCallback('CallConnected')).call;
}

describe('answering a call', () => {
  it('is commanded to the first who asks, and to nobody else while the lease lasts', () => {
    const first = step(aCall(), incoming, T0);
    expect(first.call.phase).toBe('answering');
    expect(first.commands).toEqual([{ type: 'answer' }]);
    const second = step(first.call, { type: 'IncomingCall', claim: 'two' }, T0 + ANSWER_LEASE_MS - 1);
    expect(second).toEqual({ call: first.call, commands: [] });
  });

  it('is commanded again to the same invocation, which could not tell whether its write was stored', () => {
    const first = step(aCall(), incoming, T0);
    expect(step(first.call, incoming, T0 + 5)).toEqual({ call: first.call, commands: [{ type: 'answer' }] });
  });

  it('passes to another invocation when the lease is over without a result', () => {
    const first = step(aCall(), incoming, T0);
    const second = step(first.call, { type: 'IncomingCall', claim: 'two' }, T0 + ANSWER_LEASE_MS);
    expect(second.commands).toEqual([{ type: 'answer' }]);
    expect(second.call).toMatchObject({ claim: 'two', attempts: 2 });
  });

  it('does not pass on once ACS has answered, though CallConnected is still to come', () => {
    const { call } = callAfter(aCall(), incoming, answered);
    const again = step(call, { type: 'IncomingCall', claim: 'two' }, T0 + 2 * ANSWER_LEASE_MS);
    expect(again.commands).toEqual([]);
  });

  it('may be tried again at once after a failure that may pass', () => {
    const { call } = callAfter(aCall(), incoming, failed(false));
    expect(call).toMatchObject({ phase: 'ringing', streaming: { state: 'starting' } });
    expect(step(call, { type: 'IncomingCall', claim: 'two' }, T0 + 2).commands).toEqual([{ type: 'answer' }]);
  });

  it('ends the call when ACS refuses the first attempt for good', () => {
    expect(callAfter(aCall(), incoming, failed(true)).call).toMatchObject({
      phase: 'ended',
      endReason: 'answer failed: refused',
    });
  });

  it('does not end the call when a second attempt is refused: the first may have got through', () => {
    const first = step(aCall(), incoming, T0);
    const second = step(first.call, { type: 'IncomingCall', claim: 'two' }, T0 + ANSWER_LEASE_MS);
    const third = step(second.call, failed(true, 'two'), T0 + ANSWER_LEASE_MS + 1);
    expect(third.call.phase).toBe('ringing');
    expect(step(third.call, aCallback('CallConnected'), T0 + ANSWER_LEASE_MS + 2).call.phase).toBe(
      'connected',
    );
  });

  it('ignores a failure that an invocation reports after losing its lease', () => {
    const first = step(aCall(), incoming, T0);
    const second = step(first.call, { type: 'IncomingCall', claim: 'two' }, T0 + ANSWER_LEASE_MS);
    expect(step(second.call, failed(true, 'one'), T0 + ANSWER_LEASE_MS + 1).call).toBe(second.call);
  });

  it('may end in a rejection, if the route says so', () => {
    const call = aCall({ decision: 'reject' });
    const claimed = step(call, incoming, T0);
    expect(claimed.commands).toEqual([{ type: 'reject' }]);
    expect(claimed.call.streaming.state).toBe('inactive');
    expect(step(claimed.call, { type: 'RejectSucceeded', claim: 'one' }, T0).call).toMatchObject({
      phase: 'ended',
      endReason: 'rejected',
    });
  });
});

describe('the connection of a call', () => {
  it('is known from whichever names it first, the answer or CallConnected', () => {
    const late = callAfter(
      aCall(),
      incoming,
      aCallback('CallConnected', { correlationId: 'k' }),
      answered,
    ).call;
    const usual = callAfter(
      aCall(),
      incoming,
      answered,
      aCallback('CallConnected', { correlationId: 'k' }),
    ).call;
    for (const call of [late, usual])
      expect(call).toMatchObject({ phase: 'connected', callConnectionId: CONNECTION_ID, correlationId: 'k' });
  });

  it('is taken from MediaStreamingStarted too, which may overtake everything', () => {
    const { call } = callAfter(aCall(), incoming, aCallback('MediaStreamingStarted'));
    expect(call).toMatchObject({
      phase: 'answering',
      callConnectionId: CONNECTION_ID,
      streaming: { state: 'active' },
    });
    expect(callAfter(call, answered, aCallback('CallConnected')).call).toMatchObject({
      phase: 'connected',
      streaming: { state: 'active' },
    });
  });

  it('is not that of events about another one', () => {
    const call = connected();
    const other = step(call, aCallback('CallDisconnected', { callConnectionId: 'other' }), T0);
    expect(other).toEqual({ call, commands: [], ignored: 'another connection' });
  });

  it('ends with CallDisconnected, even when that comes before CallConnected', () => {
    const { call } = callAfter(aCall(), incoming, aCallback('CallDisconnected', { reason: '0/0' }));
    expect(call).toMatchObject({ phase: 'ended', endReason: '0/0' });
    expect(step(call, aCallback('CallConnected'), T0)).toMatchObject({ call, ignored: 'call ended' });
  });

  it('ends with AnswerFailed before it is connected, and does not after', () => {
    expect(callAfter(aCall(), incoming, aCallback('AnswerFailed')).call.phase).toBe('ended');
    expect(callAfter(connected(), aCallback('AnswerFailed')).call.phase).toBe('connected');
  });

  it('ends when ACS knows it no longer', () => {
    expect(step(connected(), { type: 'CallGone' }, T0).call).toMatchObject({
      phase: 'ended',
      endReason: 'gone',
    });
  });
});

describe('callback events', () => {
  it('are applied once, by their id', () => {
    const started = aCallback('MediaStreamingStarted', { atMs: 10 });
    const { call } = callAfter(connected(), started, aCallback('MediaStreamingStopped', { atMs: 20 }));
    expect(step(call, started, T0)).toEqual({ call, commands: [], ignored: 'duplicate' });
  });

  it('are remembered in a bounded number', () => {
    const events = Array.from({ length: 3 * SEEN_EVENTS }, () => aCallback('MediaStreamingStarted'));
    expect(callAfter(connected(), ...events).call.seenEvents).toHaveLength(SEEN_EVENTS);
  });

  it('of other kinds leave the call as it is', () => {
    const call = connected();
    const event: CallEvent = {
      type: 'Callback',
      callback: { id: 'x', kind: 'other', type: 'SomethingNew', details: {} },
    };
    expect(step(call, event, T0)).toEqual({ call, commands: [] });
  });
});

describe('requests', () => {
  const requests: readonly CallEvent[] = [
    { type: 'StartRequested', id: 'r' },
    { type: 'StopRequested', id: 'r' },
    { type: 'HangUpRequested', id: 'r' },
  ];

  it.each(requests)('$type is refused before the call is connected', (request) => {
    for (const call of [
      aCall(),
      callAfter(aCall(), incoming).call,
      callAfter(aCall(), incoming, answered).call,
    ])
      expect(step(call, request, T0)).toEqual({ call, commands: [], refusal: 'call-not-connected' });
  });

  it.each(requests)('$type is refused after the call has ended', (request) => {
    const { call } = step(connected(), { type: 'CallGone' }, T0);
    expect(step(call, request, T0)).toEqual({ call, commands: [], refusal: 'call-ended' });
  });

  it('to hang up is passed on as often as it is made', () => {
    const once = step(connected(), { type: 'HangUpRequested', id: 'r' }, T0);
    expect(once.commands).toEqual([{ type: 'hangUp', forEveryone: true }]);
    expect(step(once.call, { type: 'HangUpRequested', id: 's' }, T0).commands).toEqual([
      { type: 'hangUp', forEveryone: true },
    ]);
  });

  it('to start streaming reaches ACS with its context', () => {
    const call = connected({ plan: { ...PLAN, startStreaming: false } });
    expect(call.streaming.state).toBe('inactive');
    const asked = step(call, { type: 'StartRequested', id: 'r', operationContext: 'mine' }, T0);
    expect(asked.call.streaming.state).toBe('starting');
    expect(asked.commands).toEqual([{ type: 'startMediaStreaming', id: 'r', operationContext: 'mine' }]);
  });
});

describe('a failure of streaming', () => {
  const failure = (): CallEvent => aCallback('MediaStreamingFailed', { reason: '500/8603' });

  it('before CallConnected is retried when the call is connected', () => {
    const early = callAfter(aCall(), incoming, answered, failure());
    expect(early.call).toMatchObject({ phase: 'answering', streaming: { state: 'failed' } });
    expect(early.commands, 'there is nothing to start on yet').toEqual([]);
    const late = step(early.call, aCallback('CallConnected'), T0 + 60_000);
    expect(late.commands).toEqual([{ type: 'scheduleRetry', retry: 1, atMs: T0 + 60_000 }]);
  });

  it('is not retried while the call is being hung up', () => {
    const { call, commands } = callAfter(connected(), { type: 'HangUpRequested', id: 'r' }, failure());
    expect(commands).toEqual([]);
    expect(call.streaming).toMatchObject({ state: 'failed' });
    expect(call.streaming.retryAtMs).toBeUndefined();
  });

  it('is not retried when the call has been hung up during the pause', () => {
    const paused = callAfter(connected(), failure(), { type: 'HangUpRequested', id: 'r' });
    expect(step(paused.call, { type: 'RetryDue', retry: 1 }, T0 + 60_000).commands).toEqual([]);
  });
});

describe('a tick', () => {
  const tick: CallEvent = { type: 'Tick' };

  it('ends a call that is not connected in time, and hangs up where there is a connection', () => {
    const { call } = callAfter(aCall(), incoming);
    expect(step(call, tick, T0 + SETUP_LIMIT_MS - 1).call).toBe(call);
    expect(step(call, tick, T0 + SETUP_LIMIT_MS)).toMatchObject({ call: { phase: 'ended' }, commands: [] });
    expect(step(callAfter(call, answered).call, tick, T0 + SETUP_LIMIT_MS)).toMatchObject({
      call: { phase: 'ending', endReason: 'not connected in time' },
      commands: [{ type: 'hangUp' }],
    });
  });

  it('hangs up a call that has lasted as long as it may, and again when that does not help', () => {
    const call = connected();
    expect(step(call, tick, call.expiresAtMs - 1)).toEqual({ call, commands: [] });
    const over = step(call, tick, call.expiresAtMs);
    expect(over.commands).toEqual([{ type: 'hangUp', forEveryone: true }]);
    expect(step(over.call, tick, call.expiresAtMs + 1).commands).toEqual([]);
    expect(step(over.call, tick, call.expiresAtMs + HANG_UP_LIMIT_MS).commands).toEqual([
      { type: 'hangUp', forEveryone: true },
    ]);
  });

  it('takes a call for ended of which nothing has been heard long after its time', () => {
    const call = connected();
    expect(step(call, tick, call.expiresAtMs + LOST_AFTER_MS).call).toMatchObject({
      phase: 'ended',
      endReason: 'lost',
    });
  });

  it('makes the start of streaming that a stopped process left undone', () => {
    const { call } = callAfter(connected(), aCallback('MediaStreamingFailed'));
    expect(step(call, tick, T0 + 1_000).commands, 'the handler of the callback may still do it').toEqual([]);
    expect(step(call, tick, T0 + 60_000).commands).toMatchObject([{ type: 'startMediaStreaming' }]);
  });
});
