import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyStats } from '../../../relay/base/latency-stats.ts';

function reportOf(durations: readonly number[]) {
  const trips = new LatencyStats();
  for (const ms of durations) trips.add(ms);
  return trips.report();
}

describe('The statistics of latencies', () => {
  it('have no report before the first', () => {
    expect(reportOf([])).toEqual({});
  });

  it('are exact while they are few', () => {
    expect(reportOf([3, 1, 2])).toEqual({ p50: 2, p99: 3, max: 3 });
    const many = Array.from({ length: 64 }, (_, at) => at + 1);
    expect(reportOf(many)).toEqual({ p50: 32, p99: 64, max: 64 });
  });

  it('are right to 3 % and a tenth of a millisecond while they are many', () => {
    const durations = fc.array(fc.double({ min: 0, max: 20_000, noNaN: true }), {
      minLength: 65,
      maxLength: 1_500,
    });
    fc.assert(
      fc.property(durations, (all) => {
        const sorted = all.toSorted((a, b) => a - b);
        const report = reportOf(all);
        for (const [share, told] of [
          [0.5, report.p50],
          [0.99, report.p99],
        ] as const) {
          const exact = sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
          expect(Math.abs((told ?? 0) - exact)).toBeLessThanOrEqual(0.1 + exact * 0.03);
        }
        expect(report.max).toBeCloseTo(sorted.at(-1) ?? 0, 0);
      }),
      { numRuns: 60 },
    );
  });

  it('forget what is long past, but for the longest', () => {
    const report = reportOf([...Array(1_000).fill(500), ...Array(20_000).fill(10)]);
    expect(report.p99).toBeLessThan(11);
    expect(report.max).toBe(500);
  });
});
