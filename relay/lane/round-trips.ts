/**
 * How long the events of a lane took. The first few are kept as they are. More are counted in classes of 4 % width,
 * where older ones count less and less. So a report costs the same however long the call lasts, which matters because
 * the metrics ask for the reports of all calls at once.
 */

/** Durations that are kept as they are. */
const KEPT = 64;
/** After this many durations, all counts are halved. */
const COUNTED = 2_000;
const WIDTH = 1.04;
/** The upper end of the first class, in milliseconds. The last class ends beyond a minute. */
const FIRST_MS = 0.05;
const CLASSES = 360;

export interface RoundTripReport {
  /** In milliseconds. Missing before the first ack. */
  readonly p50?: number;
  readonly p99?: number;
  readonly max?: number;
}

export class RoundTrips {
  #kept: number[] = [];
  #counts: Uint16Array | undefined;
  #counted = 0;
  #max = 0;

  add(ms: number): void {
    this.#max = Math.max(this.#max, ms);
    if (this.#counts !== undefined) this.#count(this.#counts, ms);
    else if (this.#kept.length < KEPT) this.#kept.push(ms);
    else this.#beginToCount(ms);
  }

  report(): RoundTripReport {
    if (this.#counts === undefined && this.#kept.length === 0) return {};
    return { p50: rounded(this.#at(0.5)), p99: rounded(this.#at(0.99)), max: rounded(this.#max) };
  }

  #beginToCount(ms: number): void {
    const counts = new Uint16Array(CLASSES);
    for (const each of this.#kept) this.#count(counts, each);
    this.#count(counts, ms);
    this.#kept = [];
    this.#counts = counts;
  }

  #count(counts: Uint16Array, ms: number): void {
    const at = classOf(ms);
    counts[at] = (counts[at] ?? 0) + 1;
    this.#counted += 1;
    if (this.#counted < COUNTED) return;
    this.#counted = 0;
    for (let i = 0; i < CLASSES; i += 1) {
      counts[i] = (counts[i] ?? 0) >> 1;
      this.#counted += counts[i] ?? 0;
    }
  }

  #at(share: number): number {
    if (this.#counts === undefined) {
      const sorted = this.#kept.toSorted((a, b) => a - b);
      return sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
    }
    let left = Math.ceil(this.#counted * share);
    for (let i = 0; i < CLASSES; i += 1) {
      left -= this.#counts[i] ?? 0;
      if (left <= 0) return Math.min(this.#max, middleOf(i));
    }
    return this.#max;
  }
}

function classOf(ms: number): number {
  if (ms <= FIRST_MS) return 0;
  return Math.min(CLASSES - 1, Math.ceil(Math.log(ms / FIRST_MS) / Math.log(WIDTH)));
}

function middleOf(index: number): number {
  return FIRST_MS * WIDTH ** (index - 0.5);
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
