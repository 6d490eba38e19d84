/** Reads the wire format of Protocol Buffers: a message is a run of fields, each a number, a wire type and a value. */

export const VARINT = 0;
const FIXED64 = 1;
export const BYTES = 2;
const FIXED32 = 5;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes are no message, or a field has another wire type than its reader expects. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

/** The fields of one message, in order. One whose value nobody asks for is passed over. */
export class ProtobufFields {
  readonly #bytes: Uint8Array;
  #at = 0;
  #wireType = -1;
  number = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Moves to the next field; false at the end. */
  next(): boolean {
    this.#pass();
    if (this.#at >= this.#bytes.byteLength) return false;
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
    return this.#slice(this.#readVarint());
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
    else if (wireType === BYTES) this.#slice(this.#readVarint());
    else if (wireType === FIXED64) this.#slice(8);
    else if (wireType === FIXED32) this.#slice(4);
    else throw new ProtobufError(`field ${this.number} has the wire type ${wireType}`);
  }

  #slice(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.byteLength) throw new ProtobufError('the message is cut off');
    const slice = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return slice;
  }

  /** Exact up to 2^53: ids of a connection count from 1 and come nowhere near it. */
  #readVarint(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new ProtobufError('the message is cut off');
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new ProtobufError('a number has more than ten bytes');
  }
}
