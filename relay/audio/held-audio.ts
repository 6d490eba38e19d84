/** Audio of workers that may wait in the relay, of all its calls, besides what each queue may hold in any case. */
const MAX_HELD_BYTES = 512 * 1024 * 1024;

/**
 * The bytes in all the queues that share it. A queue may hold as much as is free. So one that is far ahead never takes
 * what is left: of 17 workers each may be ten minutes ahead at 24 kHz, and of a hundred each may hold a hundredth.
 */
export class HeldAudio {
  readonly #maxBytes: number;
  #bytes = 0;

  /** @param maxBytes defaults to 512 MiB */
  constructor(maxBytes = MAX_HELD_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get freeBytes(): number {
    return Math.max(0, this.#maxBytes - this.#bytes);
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }
}
