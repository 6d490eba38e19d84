import { expect, it } from 'vitest';
import { countsOf } from '../../../bench/control/call-life.ts';
import { percentiles } from '../../../bench/control/percentiles.ts';

it('takes the smallest time that so many are not above', () => {
  const times = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect(percentiles(times)).toEqual({ count: 200, p50: 100, p99: 198, max: 200 });
  expect(percentiles([7])).toEqual({ count: 1, p50: 7, p99: 7, max: 7 });
  expect(() => percentiles([]), 'nothing to measure').toThrow(RangeError);
});

it('counts requests by what they do', () => {
  expect(countsOf(['read calls', 'insert timeline', 'read calls'])).toEqual({
    'read calls': 2,
    'insert timeline': 1,
  });
});
