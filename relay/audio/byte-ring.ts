/** Bytes in the order in which they came, in memory that is reused and grows when necessary. */
export class ByteRing {
  #buffer = new Uint8Array(0);
  #start = 0;
  #length = 0;

  get byteLength(): number {
    return this.#length;
  }

  /** Adds a copy. */
  push(bytes: Uint8Array): void {
    if (this.#length + bytes.byteLength > this.#buffer.byteLength)
      this.#grow(this.#length + bytes.byteLength);
    const size = this.#buffer.byteLength;
    const at = (this.#start + this.#length) % Math.max(1, size);
    const tail = Math.min(bytes.byteLength, size - at);
    this.#buffer.set(bytes.subarray(0, tail), at);
    this.#buffer.set(bytes.subarray(tail), 0);
    this.#length += bytes.byteLength;
  }

  /** Forgets the oldest bytes, or all there are. */
  drop(bytes: number): void {
    const dropped = Math.min(bytes, this.#length);
    this.#length -= dropped;
    this.#start = this.#length === 0 ? 0 : (this.#start + dropped) % this.#buffer.byteLength;
  }

  /** Takes everything, in memory of its own. */
  takeAll(): Uint8Array<ArrayBuffer> {
    const all = this.#copy(this.#length);
    this.drop(this.#length);
    return all;
  }

  #grow(needed: number): void {
    this.#buffer = this.#copy(Math.max(needed, 2 * this.#buffer.byteLength));
    this.#start = 0;
  }

  /** A copy in so much memory. */
  #copy(size: number): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(size);
    const tail = Math.min(this.#length, this.#buffer.byteLength - this.#start);
    copy.set(this.#buffer.subarray(this.#start, this.#start + tail));
    copy.set(this.#buffer.subarray(0, this.#length - tail), tail);
    return copy;
  }
}
