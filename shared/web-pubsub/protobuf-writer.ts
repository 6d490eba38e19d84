/**
 * Writes the wire format of Protocol Buffers from the end of a message to its beginning. So the length of every part is
 * known when it is written, and audio is copied once. The next message uses the same memory.
 */
import { BYTES, VARINT } from './protobuf-fields.ts';

/** A second of audio at 24 kHz, with room to spare. The memory grows for a longer message. */
const FIRST_BYTES = 64 * 1024;
/** Tag and length of a field: field numbers are below 16. */
const LONGEST_HEAD = 1 + 10;

export class ProtobufWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  /** The position where the message begins. */
  #at = FIRST_BYTES;

  /** Forgets the last message. */
  begin(): void {
    this.#at = this.#bytes.byteLength;
  }

  /** Length of the message so far. */
  get length(): number {
    return this.#bytes.byteLength - this.#at;
  }

  /** Puts a field of bytes in front. */
  bytes(field: number, value: Uint8Array): void {
    this.#makeRoom(value.byteLength + LONGEST_HEAD);
    this.#at -= value.byteLength;
    this.#bytes.set(value, this.#at);
    this.#head(field, value.byteLength);
  }

  /** Puts a field with a number in front; nothing for undefined. */
  varint(field: number, value: number | undefined): void {
    if (value === undefined) return;
    this.#makeRoom(LONGEST_HEAD);
    this.#varint(value);
    this.#tag(field, VARINT);
  }

  /** Turns what was written since the message had `length` bytes into a nested message. */
  wrap(field: number, length: number): void {
    this.#makeRoom(LONGEST_HEAD);
    this.#head(field, this.length - length);
  }

  /** The message. It is valid until the next one begins. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(this.#at);
  }

  #head(field: number, length: number): void {
    this.#varint(length);
    this.#tag(field, BYTES);
  }

  #tag(field: number, wireType: number): void {
    this.#at -= 1;
    this.#bytes[this.#at] = field * 8 + wireType;
  }

  #varint(value: number): void {
    let size = 1;
    for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) size += 1;
    this.#at -= size;
    let rest = value;
    for (let at = this.#at; at < this.#at + size - 1; at += 1) {
      this.#bytes[at] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at + size - 1] = rest;
  }

  #makeRoom(bytes: number): void {
    if (this.#at >= bytes) return;
    const { length } = this;
    const larger = new Uint8Array(Math.max(this.#bytes.byteLength * 2, length + bytes));
    larger.set(this.finish(), larger.byteLength - length);
    this.#bytes = larger;
    this.#at = larger.byteLength - length;
  }
}
