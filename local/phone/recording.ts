/** Samples are kept in blocks of this many, so that a long recording is never copied while it grows. */
const BLOCK_SAMPLES = 65_536;

/** A recording in memory that takes no more samples at its bound. */
export class Recording {
  readonly #maxSamples: number;
  readonly #blocks: Int16Array[] = [];
  #length = 0;

  constructor(maxSamples: number) {
    this.#maxSamples = maxSamples;
  }

  /** Samples recorded. */
  get length(): number {
    return this.#length;
  }

  /** Copies the samples to the end of the recording, as far as there is room. */
  append(samples: Int16Array): void {
    const taken = Math.min(samples.length, this.#maxSamples - this.#length);
    let from = 0;
    while (from < taken) {
      const offset = this.#length % BLOCK_SAMPLES;
      if (offset === 0) this.#blocks.push(new Int16Array(BLOCK_SAMPLES));
      const count = Math.min(taken - from, BLOCK_SAMPLES - offset);
      const piece = count === samples.length ? samples : samples.subarray(from, from + count);
      this.#blocks.at(-1)?.set(piece, offset);
      from += count;
      this.#length += count;
    }
  }

  /** A copy of everything recorded. */
  toSamples(): Int16Array {
    const all = new Int16Array(this.#length);
    for (const [index, block] of this.#blocks.entries()) {
      const offset = index * BLOCK_SAMPLES;
      all.set(block.subarray(0, Math.min(BLOCK_SAMPLES, this.#length - offset)), offset);
    }
    return all;
  }
}
