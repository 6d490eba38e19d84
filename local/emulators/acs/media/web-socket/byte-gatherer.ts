const FIRST_CAPACITY = 4 * 1024;

/** Bytes that come in pieces, one after the other in one buffer, which is kept for those to come. */
export class ByteGatherer {
  #bytes = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** All bytes; valid until the next call that changes them. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  append(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_CAPACITY, 2 * length));
      larger.set(this.bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  /** Forgets the first `count` bytes. */
  drop(count: number): void {
    this.#bytes.copyWithin(0, count, this.#length);
    this.#length -= count;
    // A message of megabytes is rare, and its room is not kept for the rest of a call.
    if (this.#length === 0 && this.#bytes.length > 16 * FIRST_CAPACITY) this.#bytes = Buffer.alloc(0);
  }

  clear(): void {
    this.drop(this.#length);
  }
}
