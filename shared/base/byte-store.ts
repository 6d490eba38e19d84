/**
 * Bytes that come in pieces of any length, copied into one buffer that doubles when it is full. However short the
 * pieces are, they take at most twice their bytes, and each byte is copied a few times at most.
 */
export class ByteStore {
  #bytes = new Uint8Array();
  #length = 0;

  get byteLength(): number {
    return this.#length;
  }

  /** Copies the piece. */
  add(piece: Uint8Array): void {
    const length = this.#length + piece.byteLength;
    if (length > this.#bytes.byteLength) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  /** Everything so far, without a copy. The store is empty then. */
  take(): Uint8Array<ArrayBuffer> {
    const all = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array();
    this.#length = 0;
    return all;
  }
}
