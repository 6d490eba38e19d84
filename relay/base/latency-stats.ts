/**
 * Median, 99th percentile and maximum of durations. The first few are kept as they are. Many are counted in classes
 * that are 4 % wide, and older ones count less and less. So a report costs the same however long the call lasts: the
 * metrics ask for the reports of all calls at once.
 */
import { Histogram } from './histogram.ts';

/** Durations that are kept one by one. */
const KEPT = 64;
/** Durations after which all counts are halved. */
const COUNTED = 2_000;
/** Each class ends 4 % above the one before it; the last one ends beyond a minute. */
const CLASSES: readonly number[] = Array.from({ length: 360 }, (_, at) => 0.05 * 1.04 ** at);

export interface LatencyReport {
  /** Milliseconds; none of these before the first duration. */
  readonly p50?: number;
  readonly p99?: number;
  readonly max?: number;
}

export class LatencyStats {
  #kept: number[] = [];
  #histogram: Histogram | undefined;
  #max = 0;

  add(ms: number): void {
    this.#max = Math.max(this.#max, ms);
    if (this.#histogram === undefined && this.#kept.length < KEPT) this.#kept.push(ms);
    else this.#count(ms);
  }

  report(): LatencyReport {
    if (this.#histogram === undefined && this.#kept.length === 0) return {};
    return { p50: rounded(this.#at(0.5)), p99: rounded(this.#at(0.99)), max: rounded(this.#max) };
  }

  #count(ms: number): void {
    if (this.#histogram === undefined) {
      this.#histogram = new Histogram(CLASSES, new Uint16Array(CLASSES.length + 1));
      for (const each of this.#kept) this.#histogram.observe(each);
      this.#kept = [];
    }
    this.#histogram.observe(ms);
    if (this.#histogram.count >= COUNTED) this.#histogram.halve();
  }

  #at(share: number): number {
    if (this.#histogram !== undefined) return Math.min(this.#max, this.#histogram.quantile(share));
    const sorted = this.#kept.toSorted((a, b) => a - b);
    return sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
