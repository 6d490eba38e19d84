/** Reads the wire format of Protocol Buffers: a message is a run of fields, each a number, a wire type and a value. */

export const VARINT = 0;
const FIXED64 = 1;
export const BYTES = 2;
const FIXED32 = 5;

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
