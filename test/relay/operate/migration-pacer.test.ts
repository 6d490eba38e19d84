import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { MigrationPacer } from '../../../relay/operate/migration-pacer.ts';

const LONGEST_INTERVAL_MS = 150;

/** When each of so many calls is moved that all wait from `fromMs` on. */
function startsOf(calls: number, deadlineMs: number, fromMs = 0): number[] {
  const pace = new MigrationPacer(calls, deadlineMs);
  return Array.from({ length: calls }, () => pace.next(fromMs));
}

it('moves a few calls one after the other', () => {
  expect(startsOf(3, 20_000)).toEqual([0, LONGEST_INTERVAL_MS, 2 * LONGEST_INTERVAL_MS]);
});

it('moves a call that comes later at once', () => {
  const pace = new MigrationPacer(3, 20_000);
  expect([pace.next(0), pace.next(1_000), pace.next(1_050)]).toEqual([0, 1_000, 1_000 + LONGEST_INTERVAL_MS]);
});

it('moves many calls closer together, evenly, so that all have been asked before the time is over', () => {
  return fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      fc.integer({ min: 1_000, max: 60_000 }),
      fc.double({ min: 0, max: 0.5, noNaN: true }),
      (calls, deadlineMs, share) => {
        const fromMs = deadlineMs * share;
        const starts = startsOf(calls, deadlineMs, fromMs);
        const intervals = starts.slice(1).map((at, before) => at - (starts[before] ?? 0));
        expect(starts[0], 'the first call waits for nothing').toBe(fromMs);
        expect(Math.max(...starts)).toBeLessThanOrEqual(deadlineMs * 0.8 + 1e-6);
        expect(Math.max(0, ...intervals) - Math.min(LONGEST_INTERVAL_MS, ...intervals)).toBeLessThan(1e-3);
      },
    ),
  );
});
