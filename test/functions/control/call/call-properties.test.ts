import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { step } from '../../../../functions/control/call/call.ts';
import { CALLBACK_KINDS, type CallEvent } from '../../../../functions/control/call/event.ts';
import type { Call, CallCommand } from '../../../../functions/control/call/model.ts';
import { RETRY_PAUSES_MS } from '../../../../functions/control/call/streaming.ts';
import { aCall, CONNECTION_ID, T0 } from '../../../support/calls.ts';

const STABLE_STREAM_MS = 30_000;

const claim = fc.constantFrom('one', 'two', 'three');
const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const reason = fc.constant('why');

const callback = fc
  .record(
    {
      id: fc.uuid(),
      kind: fc.constantFrom(...CALLBACK_KINDS, 'other' as const),
      type: fc.constant('Any'),
      callConnectionId: fc.constantFrom(CONNECTION_ID, CONNECTION_ID, CONNECTION_ID, 'another'),
      atMs: fc.integer({ min: 0, max: 50 }),
      reason,
      details: fc.constant({}),
    },
    { requiredKeys: ['id', 'kind', 'type', 'callConnectionId', 'details'] },
  )
  .map((value): CallEvent => ({ type: 'Callback', callback: value }));

const event: fc.Arbitrary<CallEvent> = fc.oneof(
  { weight: 4, arbitrary: callback },
  fc.record({ type: fc.constant('IncomingCall' as const), claim }),
  fc.record({
    type: fc.constant('AnswerSucceeded' as const),
    claim,
    callConnectionId: fc.constant(CONNECTION_ID),
  }),
  fc.record({ type: fc.constant('AnswerFailed' as const), claim, final: fc.boolean(), reason }),
  fc.record({ type: fc.constantFrom('StartRequested' as const, 'StopRequested' as const), id }),
  fc.record({ type: fc.constant('HangUpRequested' as const), id }),
  fc.record({ type: fc.constant('StartFailed' as const), id, reason }),
  fc.record({ type: fc.constant('StopFailed' as const), id, reason, assumed: fc.boolean() }),
  fc.record({ type: fc.constant('HangUpFailed' as const), id, reason, isAwaited: fc.boolean() }),
  fc.record({ type: fc.constant('RetryDue' as const), retry: fc.integer({ min: 1, max: 4 }) }),
  fc.constant<CallEvent>({ type: 'Tick' }),
);

/** Events with the milliseconds since the one before. */
const history = fc.array(fc.tuple(event, fc.integer({ min: 0, max: 5_000 })), { maxLength: 60 });

interface Played {
  readonly calls: readonly Call[];
  readonly commands: readonly (CallCommand & { readonly atMs: number })[];
}

function play(events: readonly (readonly [CallEvent, number])[], from = aCall()): Played {
  let call = from;
  let nowMs = T0;
  const calls = [call];
  const commands: (CallCommand & { atMs: number })[] = [];
  for (const [next, pauseMs] of events) {
    nowMs += pauseMs;
    const result = step(call, next, nowMs);
    call = result.call;
    calls.push(call);
    commands.push(...result.commands.map((command) => ({ ...command, atMs: nowMs })));
  }
  return { calls, commands };
}

describe('whatever happens to a call', () => {
  it('never leaves the end once its connection was known, and nothing is commanded from there', () => {
    fc.assert(
      fc.property(history, history, (before, rest) => {
        const last = play(before, aCall({ callConnectionId: CONNECTION_ID })).calls.at(-1) ?? aCall();
        const ended = step(last, { type: 'CallGone' }, T0).call;
        const { calls, commands } = play(rest, ended);
        expect(commands).toEqual([]);
        expect(calls.every(({ phase }) => phase === 'ended')).toBe(true);
      }),
    );
  });

  it('goes from an end without a connection to nothing but the end of a connection that turns up', () => {
    fc.assert(
      fc.property(history, (rest) => {
        const ended = step(aCall(), { type: 'CallGone' }, T0).call;
        const { calls, commands } = play(rest, ended);
        expect(commands.every(({ type }) => type === 'hangUp')).toBe(true);
        expect(calls.every(({ phase }) => phase === 'ended' || phase === 'ending')).toBe(true);
      }),
    );
  });

  it('is the same however often each callback event is delivered', () => {
    fc.assert(
      fc.property(history, (events) => {
        const twice = events.flatMap(([next, pauseMs]): (readonly [CallEvent, number])[] =>
          next.type === 'Callback'
            ? [
                [next, pauseMs],
                [next, 0],
              ]
            : [[next, pauseMs]],
        );
        const once = play(events);
        expect(play(twice).calls.at(-1)).toEqual(once.calls.at(-1));
        expect(play(twice).commands).toEqual(once.commands);
      }),
    );
  });

  it('is not changed by callback events that come again much later', () => {
    fc.assert(
      fc.property(history, (events) => {
        const { calls } = play(events);
        const last = calls.at(-1) ?? aCall();
        const again = play(
          events.filter(([next]) => next.type === 'Callback').map(([next]) => [next, 0] as const),
          last,
        );
        expect(again.commands).toEqual([]);
        expect(again.calls.every((call) => call === last)).toBe(true);
      }),
    );
  });

  it('keeps its connection once it has one', () => {
    fc.assert(
      fc.property(history, (events) => {
        const ids = play(events).calls.map(({ callConnectionId }) => callConnectionId);
        const known = ids.filter((one) => one !== undefined);
        expect(new Set(known).size).toBeLessThanOrEqual(1);
        expect(ids.slice(ids.length - known.length)).toEqual(known);
      }),
    );
  });

  it('is connected or asked about streaming only with a connection, and has no streaming once ended', () => {
    fc.assert(
      fc.property(history, (events) => {
        for (const call of play(events).calls) {
          if (call.phase === 'connected') expect(call.callConnectionId).toBeDefined();
          if (call.phase === 'ended') expect(call.streaming.state).toBe('inactive');
          expect(call).toEqual(JSON.parse(JSON.stringify(call)));
        }
      }),
    );
  });

  it('has streaming started by itself no more often than the bound, as long as no stream was stable', () => {
    const failures = fc.array(
      fc.oneof(
        callback,
        fc.record({ type: fc.constant('RetryDue' as const), retry: fc.integer({ min: 1, max: 4 }) }),
        fc.constant<CallEvent>({ type: 'Tick' }),
      ),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(failures, (events) => {
        const pauseMs = Math.floor(STABLE_STREAM_MS / 100);
        const connected = aCall({ phase: 'connected', callConnectionId: CONNECTION_ID });
        const { commands } = play(
          events.map((next) => [next, pauseMs] as const),
          connected,
        );
        const starts = commands.filter(({ type }) => type === 'startMediaStreaming');
        expect(starts.length).toBeLessThanOrEqual(RETRY_PAUSES_MS.length);
      }),
    );
  });

  it('is answered by one invocation at a time', () => {
    fc.assert(
      fc.property(history, (events) => {
        const answers = play(events).commands.filter(({ type }) => type === 'answer');
        // The generated claims repeat, so an invocation may be told again; another one only after the lease or a
        // failure.
        const failures = events.filter(([next]) => next.type === 'AnswerFailed').length;
        const minutes = events.reduce((sum, [, pauseMs]) => sum + pauseMs, 0);
        const repeats = events.filter(([next]) => next.type === 'IncomingCall').length;
        expect(answers.length).toBeLessThanOrEqual(repeats);
        if (failures === 0 && minutes < 10_000) {
          const first = events.find(([next]) => next.type === 'IncomingCall')?.[0];
          const name = first?.type === 'IncomingCall' ? first.claim : undefined;
          const byFirst = events.filter(
            ([next]) => next.type === 'IncomingCall' && next.claim === name,
          ).length;
          expect(answers.length).toBeLessThanOrEqual(byFirst);
        }
      }),
    );
  });
});
