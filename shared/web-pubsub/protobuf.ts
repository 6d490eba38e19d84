/** The wire format of Protocol Buffers: a message is a run of fields, each a number, a wire type and a value. */

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** A second of audio at 24 kHz, with room to spare. The memory of a writer grows for a longer message. */
const FIRST_BYTES = 64 * 1024;
/** Tag and length of a field: field numbers are below 16. */
const LONGEST_HEAD = 1 + 10;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes are not a message, or a field has a wire type that its reader does not expect. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

/** The fields of one message, in order. It skips a field whose value is not read. */
export class ProtobufFields {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  #wireType = -1;
  number = 0;

  /** @param bytes hold the message from `start` to `end`, by default all of them */
  constructor(bytes: Uint8Array, start = 0, end = bytes.byteLength) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Moves to the next field; false at the end. */
  next(): boolean {
    this.#pass();
    if (this.#at >= this.#end) return false;
    const tag = this.#readVarint();
    this.#wireType = tag % 8;
    this.number = Math.floor(tag / 8);
    if (this.number === 0) throw new ProtobufError('a field has the number 0');
    return true;
  }

  varint(): number {
    this.#take(VARINT);
    return this.#readVarint();
  }

  bytes(): Uint8Array {
    this.#take(BYTES);
    const start = this.#pastBytes();
    return this.#bytes.subarray(start, this.#at);
  }

  /** The fields of the nested message. */
  message(): ProtobufFields {
    this.#take(BYTES);
    const start = this.#pastBytes();
    return new ProtobufFields(this.#bytes, start, this.#at);
  }

  /** Which of these words the value is, without decoding it; undefined when it is another. */
  word<Word extends string>(words: ReadonlyMap<Word, Uint8Array>): Word | undefined {
    this.#take(BYTES);
    const start = this.#pastBytes();
    for (const [word, code] of words)
      if (code.byteLength === this.#at - start && code.every((byte, i) => this.#bytes[start + i] === byte))
        return word;
    return undefined;
  }

  text(): string {
    try {
      return strictUtf8.decode(this.bytes());
    } catch (error) {
      if (error instanceof ProtobufError) throw error;
      throw new ProtobufError('a text is not UTF-8');
    }
  }

  #take(wireType: number): void {
    if (this.#wireType !== wireType) {
      throw new ProtobufError(`field ${this.number} has the wire type ${this.#wireType}`);
    }
    this.#wireType = -1;
  }

  #pass(): void {
    const wireType = this.#wireType;
    this.#wireType = -1;
    if (wireType === -1) return;
    if (wireType === VARINT) this.#readVarint();
    else if (wireType === BYTES) this.#pastBytes();
    else if (wireType === FIXED64) this.#past(8);
    else if (wireType === FIXED32) this.#past(4);
    else throw new ProtobufError(`field ${this.number} has the wire type ${wireType}`);
  }

  /** Moves past a value with a length, and returns where its bytes begin. */
  #pastBytes(): number {
    const length = this.#readVarint();
    const start = this.#at;
    this.#past(length);
    return start;
  }

  #past(length: number): void {
    if (this.#at + length > this.#end) throw new ProtobufError('the message is cut off');
    this.#at += length;
  }

  /** Exact up to 2^53. The ids of a connection count from 1 and come nowhere near it. */
  #readVarint(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
      if (byte === undefined) throw new ProtobufError('the message is cut off');
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new ProtobufError('a number has more than ten bytes');
  }
}

/**
 * Writes a message from its end to its beginning. So the length of every part is known when it is written, and audio is
 * copied once. The next message uses the same memory.
 */
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
