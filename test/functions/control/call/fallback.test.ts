import { describe, expect, it } from 'vitest';
import { step } from '../../../../functions/control/call/call.ts';
import type { Call } from '../../../../functions/control/call/model.ts';
import { OPERATION_LIMIT_MS } from '../../../../functions/control/call/operations.ts';
import { NO_STREAMING, RETRY_PAUSES_MS } from '../../../../functions/control/call/streaming.ts';
import type { StreamingFailedChoice } from '../../../../shared/call/route.ts';
import { aCall, aCallback, CONNECTION_ID, T0 } from '../../../support/calls.ts';

const END = { type: 'hangUp', forEveryone: true };
const PLAY: StreamingFailedChoice = { play: { kind: 'text', text: 'we are sorry' } };

/** A call whose streaming is in its last attempt. */
function lastAttempt(onStreamingFailed?: StreamingFailedChoice): Call {
  return aCall({
    phase: 'connected',
    callConnectionId: CONNECTION_ID,
    streaming: { ...NO_STREAMING, state: 'starting', sinceMs: T0, retries: RETRY_PAUSES_MS.length },
    ...(onStreamingFailed === undefined ? {} : { onStreamingFailed }),
  });
}

const failed = (): ReturnType<typeof aCallback> => aCallback('MediaStreamingFailed', { reason: '500/8603' });

describe('streaming that has failed for good', () => {
  it.each([undefined, 'leave' as const])('leaves the call where the route says %s', (choice) => {
    const { call, commands } = step(lastAttempt(choice), failed(), T0);
    expect(call).toMatchObject({ phase: 'connected', streaming: { state: 'failed' } });
    expect(commands).toEqual([]);
  });

  it('hangs the call up where the route says so', () => {
    const { call, commands } = step(lastAttempt('hang-up'), failed(), T0);
    expect(commands).toEqual([END]);
    expect(call.hangUpRequestedAtMs).toBe(T0);
  });

  it('also by a refusal of the last start', () => {
    const call = lastAttempt('hang-up');
    const refused = step(
      { ...call, streaming: { ...call.streaming, requestId: 'retry' } },
      { type: 'StartFailed', id: 'retry', reason: '503' },
      T0,
    );
    expect(refused.commands).toEqual([END]);
  });

  it('also by a stream that a relay has given up, which ACS is asked to stop', () => {
    const lost = step(lastAttempt('hang-up'), { type: 'StreamLost', id: 'lost', reason: 'no audio' }, T0);
    expect(lost.commands).toEqual([{ type: 'stopMediaStreaming', id: 'lost' }, END]);
  });

  it('does nothing before there are no retries left, nor where the call is being hung up', () => {
    const call = lastAttempt('hang-up');
    const early = step({ ...call, streaming: { ...call.streaming, retries: 0 } }, failed(), T0);
    expect(early.commands.map(({ type }) => type)).toEqual(['scheduleRetry']);
    expect(step({ ...call, hangUpRequestedAtMs: T0 }, failed(), T0).commands).toEqual([]);
  });

  describe('on a route that plays something then', () => {
    const begun = step(lastAttempt(PLAY), failed(), T0);
    const [operation] = begun.call.operations;
    const played = (kind: 'PlayCompleted' | 'PlayFailed'): ReturnType<typeof aCallback> =>
      aCallback(kind, { operationId: operation?.id ?? '' });

    it('plays it', () => {
      expect(begun.commands).toEqual([
        {
          type: 'operate',
          id: operation?.id,
          operation: { type: 'play', source: { kind: 'text', text: 'we are sorry' } },
        },
      ]);
      expect(operation).toMatchObject({ type: 'play', state: 'pending' });
    });

    it.each(['PlayCompleted', 'PlayFailed'] as const)('hangs up with %s', (kind) => {
      expect(step(begun.call, played(kind), T0 + 1).commands).toEqual([END]);
    });

    it('hangs up when ACS does not take it on', () => {
      const refused = step(
        begun.call,
        {
          type: 'OperationRefused',
          id: operation?.id ?? '',
          reason: '400',
          unknown: false,
          assumed: false,
        },
        T0,
      );
      expect(refused.commands).toEqual([END]);
    });

    it('hangs up when nothing is heard of it', () => {
      expect(step(begun.call, { type: 'Tick' }, T0 + 60_000).commands).toEqual([]);
      expect(step(begun.call, { type: 'Tick' }, T0 + OPERATION_LIMIT_MS).commands).toEqual([END]);
    });

    it('leaves the call when there is sound again by then', () => {
      const streaming = step(begun.call, aCallback('MediaStreamingStarted'), T0 + 1).call;
      expect(step(streaming, played('PlayCompleted'), T0 + 2).commands).toEqual([]);
    });
  });
});
