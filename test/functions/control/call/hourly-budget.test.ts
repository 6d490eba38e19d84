import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  giveOneBack,
  type SpentMinutes,
  spendOne,
} from '../../../../functions/control/call/hourly-budget.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** When each of these attempts was let through. */
function spentAt(attempts: readonly number[], perHour: number): number[] {
  let minutes: SpentMinutes = [];
  return attempts.filter((nowMs) => {
    const spending = spendOne(minutes, perHour, nowMs);
    if (spending.kind === 'spent') minutes = spending.minutes;
    return spending.kind === 'spent';
  });
}

describe('a budget for an hour', () => {
  it('is spent when so much was spent, and free again after an hour and at most a minute', () => {
    expect(spentAt([0, 1, 2, 30 * MINUTE_MS, HOUR_MS - 1, HOUR_MS + MINUTE_MS], 3)).toEqual([
      0,
      1,
      2,
      HOUR_MS + MINUTE_MS,
    ]);
  });

  it('of nothing is never spent', () => {
    expect(spendOne([], 0, 0)).toEqual({ kind: 'refused', retryAfterMs: HOUR_MS + MINUTE_MS });
  });

  it('does not grow for a spender whose clock is behind', () => {
    const minutes: SpentMinutes = [[1_000, 1]];
    expect(spendOne(minutes, 2, 0)).toEqual({ kind: 'spent', minutes: [[1_000, 2]] });
    expect(spendOne([[1_000, 2]], 2, 0)).toMatchObject({ kind: 'refused' });
  });

  it('takes back what was spent in a minute, and nothing else', () => {
    const minutes: SpentMinutes = [
      [1_000, 1],
      [1_001, 2],
    ];
    expect(giveOneBack(minutes, 1_001)).toEqual([
      [1_000, 1],
      [1_001, 1],
    ]);
    expect(giveOneBack(minutes, 1_000)).toEqual([[1_001, 2]]);
    expect(giveOneBack(minutes, 1_002)).toBe(minutes);
    expect(giveOneBack([], 1_000)).toEqual([]);
  });

  const pauses = fc.array(fc.integer({ min: 0, max: 10 * MINUTE_MS }), { minLength: 1, maxLength: 150 });

  it('is never exceeded in any span of an hour, and keeps a bounded account', () => {
    fc.assert(
      fc.property(pauses, fc.integer({ min: 1, max: 20 }), (gaps, perHour) => {
        let nowMs = 0;
        const attempts = gaps.map((gap) => (nowMs += gap));
        const spent = spentAt(attempts, perHour);
        for (const from of spent)
          expect(spent.filter((at) => at >= from && at < from + HOUR_MS).length).toBeLessThanOrEqual(perHour);
      }),
    );
  });

  it('has something to spend after the time that it names, and not before', () => {
    fc.assert(
      fc.property(pauses, fc.integer({ min: 1, max: 5 }), (gaps, perHour) => {
        let minutes: SpentMinutes = [];
        let nowMs = 0;
        for (const gap of gaps) {
          nowMs += gap;
          const spending = spendOne(minutes, perHour, nowMs);
          if (spending.kind === 'spent') {
            minutes = spending.minutes;
            expect(minutes.length).toBeLessThanOrEqual(61);
            continue;
          }
          const { retryAfterMs } = spending;
          expect(spendOne(minutes, perHour, nowMs + retryAfterMs - 1).kind, 'just before').toBe('refused');
          expect(spendOne(minutes, perHour, nowMs + retryAfterMs).kind, 'then').toBe('spent');
        }
      }),
    );
  });
});
