import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AttemptResult,
  DEFAULT_RETRY_POLICY,
  nextStep,
} from '../../../../local/emulators/event-grid/retry-policy.ts';

const MINUTE = 60_000;

describe('what follows a delivery attempt', () => {
  it.each([200, 201, 202, 203, 204])('takes %i for success', (status) => {
    expect(nextStep(DEFAULT_RETRY_POLICY, status, 1, 0)).toEqual({ type: 'delivered' });
  });

  it.each([205, 206, 301, 302, 418, 429, 500])('repeats %i after 10 seconds', (status) => {
    expect(nextStep(DEFAULT_RETRY_POLICY, status, 1, 0)).toEqual({ type: 'retry', afterMs: 10_000 });
  });

  it.each(['timeout', 'unreachable'] as const)(
    'repeats after 10 seconds when the endpoint is %s',
    (result) => {
      expect(nextStep(DEFAULT_RETRY_POLICY, result, 1, 0)).toEqual({ type: 'retry', afterMs: 10_000 });
    },
  );

  it.each([400, 413])('never repeats %i', (status) => {
    expect(nextStep(DEFAULT_RETRY_POLICY, status, 1, 0)).toEqual({
      type: 'deadLetter',
      reason: 'NotRetried',
    });
  });

  it.each([
    [401, 5 * MINUTE],
    [403, 5 * MINUTE],
    [404, 5 * MINUTE],
    [408, 2 * MINUTE],
    [503, 30_000],
  ])('waits after %i for at least %i ms', (status, afterMs) => {
    expect(nextStep(DEFAULT_RETRY_POLICY, status, 1, 0)).toEqual({ type: 'retry', afterMs });
  });

  it('grows from 10 seconds to 12 hours', () => {
    const delays = DEFAULT_RETRY_POLICY.delaysMs.map((_, index) =>
      nextStep({ ...DEFAULT_RETRY_POLICY, ttlMs: Number.MAX_SAFE_INTEGER }, 500, index + 1, 0),
    );
    const minutes = [1 / 6, 1 / 2, 1, 5, 10, 30, 60, 180, 360, 720];
    expect(delays).toEqual(minutes.map((value) => ({ type: 'retry', afterMs: value * MINUTE })));
  });

  it('gives up an event that would be too old at the next attempt', () => {
    const policy = { ...DEFAULT_RETRY_POLICY, ttlMs: MINUTE };
    expect(nextStep(policy, 500, 2, 30_000)).toEqual({ type: 'retry', afterMs: 30_000 });
    expect(nextStep(policy, 500, 2, 30_001)).toEqual({ type: 'deadLetter', reason: 'TimeToLiveExceeded' });
  });

  it('ends for every sequence of answers, within its attempts and its time to live', () => {
    const results = fc.array(
      fc.constantFrom<AttemptResult>(404, 408, 429, 500, 503, 'timeout', 'unreachable'),
      {
        minLength: 40,
      },
    );
    fc.assert(
      fc.property(results, fc.integer({ min: 1, max: 30 }), (sequence, maxAttempts) => {
        const policy = { ...DEFAULT_RETRY_POLICY, maxAttempts };
        let ageMs = 0;
        for (const [index, result] of sequence.entries()) {
          const next = nextStep(policy, result, index + 1, ageMs);
          if (next.type === 'deadLetter') return index + 1 <= maxAttempts && ageMs <= policy.ttlMs;
          if (next.type === 'retry') ageMs += next.afterMs;
        }
        return false;
      }),
    );
  });
});
