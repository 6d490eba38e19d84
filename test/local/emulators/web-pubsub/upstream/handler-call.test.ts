import { describe, expect, it } from 'vitest';
import { SERVICE_LIMITS } from '../../../../../local/emulators/web-pubsub/base/limits.ts';
import { HandlerCall } from '../../../../../local/emulators/web-pubsub/upstream/handler-call.ts';
import {
  type HandlerResponse,
  HandlerUnreachable,
} from '../../../../../local/emulators/web-pubsub/upstream/handler-connections.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';

interface Attempt {
  readonly atMs: number;
  readonly answer: PromiseWithResolvers<HandlerResponse>;
  cancelled: boolean;
}

/** A call whose attempts the test answers. */
function startCall() {
  const clock = new ManualClock(0);
  const attempts: Attempt[] = [];
  const call = new HandlerCall(
    () => {
      const answer = Promise.withResolvers<HandlerResponse>();
      const attempt: Attempt = { atMs: clock.now(), answer, cancelled: false };
      attempts.push(attempt);
      return {
        answer: answer.promise,
        cancel: () => {
          attempt.cancelled = true;
          answer.reject(new Error('cancelled'));
        },
      };
    },
    clock,
    SERVICE_LIMITS,
  );
  const outcome = call.answer.then(
    ({ status }) => status,
    (error: Error) => error.message,
  );
  /** Answers the newest attempt and lets the call see it. */
  const answer = async (status: number | Error): Promise<void> => {
    const newest = attempts.at(-1)?.answer;
    if (typeof status === 'number') newest?.resolve({ status, headers: {}, body: new Uint8Array() });
    else newest?.reject(status);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, attempts, call, outcome, answer };
}

describe('a call of an event handler', () => {
  it('is made again after 1, 3 and 5 seconds, and its last answer counts', async () => {
    const { clock, attempts, outcome, answer } = startCall();
    await answer(503);
    clock.advance(999);
    expect(attempts).toHaveLength(1);
    clock.advance(1);
    await answer(new Error('ECONNRESET'));
    clock.advance(3_000);
    await answer(408);
    clock.advance(5_000);
    await answer(500);
    expect(await outcome).toBe(500);
    expect(attempts.map(({ atMs }) => atMs)).toEqual([0, 1_000, 4_000, 9_000]);
    expect(clock.pending(), 'nothing waits any more').toEqual([]);
  });

  it('is over with the first answer that is no passing failure', async () => {
    for (const status of [200, 204, 302, 400, 429]) {
      const { clock, attempts, outcome, answer } = startCall();
      await answer(status);
      expect(await outcome).toBe(status);
      expect(attempts).toHaveLength(1);
      expect(attempts[0]?.cancelled, 'its connection is kept for the next event').toBe(false);
      expect(clock.pending()).toEqual([]);
    }
  });

  it('is given up after 100 seconds, whether it waits for an answer or for the next attempt', async () => {
    const silent = startCall();
    silent.clock.advance(99_999);
    expect(silent.attempts[0]?.cancelled).toBe(false);
    silent.clock.advance(1);
    expect(await silent.outcome).toBe('The event handler did not answer within 100000 ms.');
    expect(silent.attempts[0]?.cancelled).toBe(true);
    const waiting = startCall();
    waiting.clock.advance(99_500);
    await waiting.answer(503);
    waiting.clock.advance(500);
    expect(await waiting.outcome).toContain('did not answer within');
    expect(waiting.clock.pending()).toEqual([]);
    expect(waiting.attempts).toHaveLength(1);
  });

  it('ends at once when it is cancelled, for the reason that is given', async () => {
    const { call, attempts, outcome, clock } = startCall();
    call.cancel('The service is stopping.');
    call.cancel('again');
    expect(await outcome).toBe('The service is stopping.');
    expect(attempts[0]?.cancelled).toBe(true);
    expect(clock.pending()).toEqual([]);
  });

  it('is not made again when no attempt could go better', async () => {
    const { attempts, outcome, answer } = startCall();
    await answer(new HandlerUnreachable('The event handler answered with more than 9 bytes.'));
    expect(await outcome).toBe('The event handler answered with more than 9 bytes.');
    expect(attempts).toHaveLength(1);
  });
});
