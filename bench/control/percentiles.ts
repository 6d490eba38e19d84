export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Of times in milliseconds: the smallest that so many are not above. @throws RangeError for none */
export function percentiles(times: readonly number[]): Percentiles {
  if (times.length === 0) throw new RangeError('there are no times to take percentiles of');
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}
