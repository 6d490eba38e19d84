import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from '../../../relay/base/histogram.ts';

describe('A histogram', () => {
  it('counts a value in the bucket of the first bound that it does not pass, and in those above', () => {
    const histogram = new Histogram([1, 10]);
    for (const value of [0.5, 1, 5, 11]) histogram.observe(value);
    expect(histogram.snapshot()).toEqual({
      buckets: [
        { bound: 1, count: 2 },
        { bound: 10, count: 3 },
      ],
      sum: 17.5,
      count: 4,
    });
  });

  it('has in each bucket as many values as do not pass its bound', () => {
    const bounds = [0, 1, 20, 500];
    return fc.assert(
      fc.property(fc.array(fc.nat(1_000)), (values) => {
        const histogram = new Histogram(bounds);
        for (const value of values) histogram.observe(value);
        expect(histogram.snapshot().buckets).toEqual(
          bounds.map((bound) => ({ bound, count: values.filter((value) => value <= bound).length })),
        );
      }),
    );
  });

  it('forgets older values by halves, and says which value a share of them does not pass', () => {
    const histogram = new Histogram([1, 4, 16], new Uint16Array(4));
    for (const value of [2, 2, 2, 2, 9, 9, 9, 99]) histogram.observe(value);
    expect([histogram.quantile(0.5), histogram.quantile(0.8), histogram.quantile(1)]).toEqual([
      2,
      8,
      Infinity,
    ]);
    histogram.halve();
    expect(histogram.snapshot()).toMatchObject({
      count: 3,
      buckets: [{ count: 0 }, { count: 2 }, { count: 3 }],
    });
    for (const value of [9, 9]) histogram.observe(value);
    expect(histogram.quantile(0.5)).toBe(8);
  });

  it('is not made with bounds that do not grow', () => {
    expect(() => new Histogram([1, 1])).toThrow('the bounds of a histogram must grow, 1 follows 1');
  });
});
