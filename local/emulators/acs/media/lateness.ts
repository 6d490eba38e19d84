import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Resolution of the histogram: one part in a hundred, in a few kilobytes a stream. */
const SIGNIFICANT_FIGURES = 2;
const LONGEST_US = 3_600_000_000;

/** How late frames were against their deadlines. */
export class Lateness {
  readonly #microseconds: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: LONGEST_US,
    figures: SIGNIFICANT_FIGURES,
  });

  record(lateMs: number): void {
    this.#microseconds.record(Math.min(LONGEST_US, Math.max(1, Math.round(lateMs * 1000))));
  }

  /** In milliseconds; zeros before the first frame. */
  read(): { readonly p99: number; readonly max: number } {
    if (this.#microseconds.count === 0) return { p99: 0, max: 0 };
    return { p99: this.#microseconds.percentile(99) / 1000, max: this.#microseconds.max / 1000 };
  }
}
