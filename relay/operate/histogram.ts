/** A distribution as Prometheus has it: counts of values up to fixed bounds. Cheap enough for every frame of every call. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  /** @throws RangeError when the bounds do not grow */
  constructor(bounds: readonly number[]) {
    for (const [at, bound] of bounds.entries()) {
      const before = bounds[at - 1];
      if (before !== undefined && !(bound > before))
        throw new RangeError(`the bounds of a histogram must grow, ${bound} follows ${before}`);
    }
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count += 1;
    // Bounds are few and small values the most frequent, so that this ends early.
    for (let at = 0; at < this.#bounds.length; at++) {
      if (value > (this.#bounds[at] ?? 0)) continue;
      this.#counts[at] = (this.#counts[at] ?? 0) + 1;
      return;
    }
  }

  snapshot(): HistogramSnapshot {
    let below = 0;
    const buckets = this.#bounds.map((bound, at) => {
      below += this.#counts[at] ?? 0;
      return { bound, count: below };
    });
    return { buckets, sum: this.#sum, count: this.#count };
  }
}

export interface HistogramSnapshot {
  /** `count`: values up to and with the bound, those of lower buckets included. */
  readonly buckets: readonly { readonly bound: number; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}
