/** A distribution: counts of values up to fixed bounds. Cheap enough for every frame of every call. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** One count for each bound, and one for the values above the last. */
  readonly #counts: number[] | Uint16Array;
  #sum = 0;
  #count = 0;

  /**
   * @param counts memory for the counts, all 0, with one place more than there are bounds; plain numbers by default
   * @throws RangeError when the bounds do not grow
   */
  constructor(bounds: readonly number[], counts: number[] | Uint16Array = [...bounds, 0].fill(0)) {
    for (const [at, bound] of bounds.entries()) {
      const before = bounds[at - 1];
      if (before !== undefined && !(bound > before))
        throw new RangeError(`the bounds of a histogram must grow, ${bound} follows ${before}`);
    }
    this.#bounds = bounds;
    this.#counts = counts;
  }

  /** How many values were counted since the last `halve`, and half of those before. */
  get count(): number {
    return this.#count;
  }

  observe(value: number): void {
    // The first bound that the value does not pass.
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value > (this.#bounds[middle] ?? 0)) low = middle + 1;
      else high = middle;
    }
    this.#counts[low] = (this.#counts[low] ?? 0) + 1;
    this.#sum += value;
    this.#count += 1;
  }

  /** Makes everything counted so far count half, so that newer values weigh more. */
  halve(): void {
    this.#sum /= 2;
    this.#count = 0;
    for (let at = 0; at < this.#counts.length; at += 1) {
      const half = (this.#counts[at] ?? 0) >> 1;
      this.#counts[at] = half;
      this.#count += half;
    }
  }

  /**
   * A value that about this share of the values do not pass: the middle between two bounds, infinite above the last.
   */
  quantile(share: number): number {
    let left = Math.ceil(this.#count * share);
    for (const [at, bound] of this.#bounds.entries()) {
      left -= this.#counts[at] ?? 0;
      if (left <= 0) return Math.sqrt((this.#bounds[at - 1] ?? 0) * bound);
    }
    return Number.POSITIVE_INFINITY;
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
  /** `count`: values up to the bound, those of lower buckets included. */
  readonly buckets: readonly { readonly bound: number; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}
