import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BackOff } from '../../../shared/base/back-off.ts';

function waits(random: () => number, attempts = 6): (number | undefined)[] {
  const backOff = new BackOff({ firstMs: 100, longestMs: 500, attempts, random });
  return Array.from({ length: attempts }, () => backOff.failed());
}

describe('waits between attempts', () => {
  it('double up to the longest, and there is none after the last attempt', () => {
    expect(waits(() => 1)).toEqual([100, 200, 400, 500, 500, undefined]);
  });

  it('are by half up to chance', () => {
    expect(waits(() => 0)).toEqual([50, 100, 200, 250, 250, undefined]);
    return fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (chance) => {
        const [first = 0] = waits(() => chance);
        expect(first).toBeGreaterThanOrEqual(50);
        expect(first).toBeLessThanOrEqual(100);
      }),
    );
  });

  it('start from the first one after a success', () => {
    const backOff = new BackOff({ firstMs: 100, longestMs: 500, attempts: 2, random: () => 1 });
    expect(backOff.failed()).toBe(100);
    backOff.succeeded();
    expect(backOff.failed()).toBe(100);
    expect(backOff.failed()).toBeUndefined();
  });
});
