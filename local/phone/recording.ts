/** Samples are kept in blocks of this many, so that a long recording is never copied while it grows. */
const BLOCK_SAMPLES = 65_536;

/** A recording in memory that takes no more samples at its bound. Blocks of silence take no memory. */
export class Recording {
  readonly #maxSamples: number;
  readonly #blocks: (Int16Array | undefined)[] = [];
  #length = 0;

  constructor(maxSamples: number) {
    this.#maxSamples = maxSamples;
  }

  /** Samples recorded. */
  get length(): number {
    return this.#length;
  }

  /** What it takes in memory. */
  get bytes(): number {
    return this.#blocks.reduce((sum, block) => sum + (block?.byteLength ?? 0), 0);
  }

  /** Copies the samples to the end of the recording, as far as there is room. */
  append(samples: Int16Array): void {
    const taken = Math.min(samples.length, this.#maxSamples - this.#length);
    let from = 0;
    while (from < taken) {
      const offset = this.#length % BLOCK_SAMPLES;
      if (offset === 0) this.#blocks.push(undefined);
      const count = Math.min(taken - from, BLOCK_SAMPLES - offset);
      const piece = count === samples.length ? samples : samples.subarray(from, from + count);
      if (hasSound(piece)) this.#lastBlock().set(piece, offset);
      from += count;
      this.#length += count;
    }
  }

  /** The block that is being filled, once it holds more than silence. */
  #lastBlock(): Int16Array {
    const last = this.#blocks.length - 1;
    const block = this.#blocks[last] ?? new Int16Array(BLOCK_SAMPLES);
    this.#blocks[last] = block;
    return block;
  }

  /** A copy of everything recorded. */
  toSamples(): Int16Array {
    const all = new Int16Array(this.#length);
    for (const [index, block] of this.#blocks.entries()) {
      if (block === undefined) continue;
      const offset = index * BLOCK_SAMPLES;
      all.set(block.subarray(0, Math.min(BLOCK_SAMPLES, this.#length - offset)), offset);
    }
    return all;
  }
}

function hasSound(samples: Int16Array): boolean {
  for (let i = 0; i < samples.length; i++) if (samples[i] !== 0) return true;
  return false;
}
