/** Durations of the last events of a lane; the longest is remembered for all of them. */

/** How many durations the percentiles are taken from. */
const WINDOW = 1_000;

export interface RoundTripReport {
  /** Milliseconds; absent before the first ack. */
  readonly p50?: number;
  readonly p99?: number;
  readonly max?: number;
}

export class RoundTrips {
  readonly #window: number[] = [];
  #count = 0;
  #max = 0;

  add(ms: number): void {
    this.#window[this.#count % WINDOW] = ms;
    this.#count += 1;
    this.#max = Math.max(this.#max, ms);
  }

  report(): RoundTripReport {
    const sorted = this.#window.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
    return sorted.length === 0
      ? {}
      : { p50: rounded(at(0.5)), p99: rounded(at(0.99)), max: rounded(this.#max) };
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
