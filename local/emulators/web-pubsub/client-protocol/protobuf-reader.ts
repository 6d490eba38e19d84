/**
 * Reads the wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding): a message is a run of
 * fields, each a number, a wire type and a value. What a field means is up to the caller.
 */

/** The wire types; groups (3 and 4) are not used by proto3. */
export const WireType = Object.freeze({ varint: 0, fixed64: 1, bytes: 2, fixed32: 5 });

/** The bytes are no message, or a field has a wire type or text that the caller cannot use. */
export class MalformedProtobuf extends Error {
  override readonly name = 'MalformedProtobuf';
}

/** A varint has at most ten bytes: 64 bits, seven in each. */
const MAX_VARINT_BYTES = 10;
const UINT64_MASK = 2n ** 64n - 1n;
/** Numbers of so many bytes fit the arithmetic of 32-bit integers. */
const SMALL_VARINT_BYTES = 4;
/** Texts of so many bytes are looked at byte by byte: most are names in ASCII. */
const SHORT_TEXT_BYTES = 64;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class ProtobufReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #wireType = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * Moves to the next field; its value must then be read or skipped.
   * @returns the field's number, or undefined at the end of the message
   * @throws MalformedProtobuf
   */
  nextField(): number | undefined {
    if (this.#at === this.#bytes.byteLength) return undefined;
    const tag = Number(this.#varint());
    this.#wireType = tag % 8;
    const number = Math.floor(tag / 8);
    if (number < 1 || number > 0x1fffffff) throw new MalformedProtobuf('a field has an invalid number');
    return number;
  }

  /** An unsigned 64-bit integer: a number where that is exact, else a bigint. */
  uint64(): number | bigint {
    this.#expect(WireType.varint);
    const value = this.#varint();
    return typeof value === 'number' || value > BigInt(Number.MAX_SAFE_INTEGER) ? value : Number(value);
  }

  /** An unsigned 32-bit integer; higher bits are cut off, as the format demands. */
  uint32(): number {
    this.#expect(WireType.varint);
    return Number(BigInt.asUintN(32, BigInt(this.#varint())));
  }

  bool(): boolean {
    this.#expect(WireType.varint);
    return Number(this.#varint()) !== 0;
  }

  /** A view of the bytes of a field, not a copy. */
  bytes(): Uint8Array {
    this.#expect(WireType.bytes);
    return this.#take(this.#length());
  }

  string(): string {
    const bytes = this.bytes();
    const ascii = shortAscii(bytes);
    if (ascii !== undefined) return ascii;
    try {
      return UTF8.decode(bytes);
    } catch {
      throw new MalformedProtobuf('a text is not UTF-8');
    }
  }

  /** Passes over a field that the caller does not know. */
  skip(): void {
    switch (this.#wireType) {
      case WireType.varint:
        this.#varint();
        return;
      case WireType.fixed64:
        this.#take(8);
        return;
      case WireType.bytes:
        this.#take(this.#length());
        return;
      case WireType.fixed32:
        this.#take(4);
        return;
      default:
        throw new MalformedProtobuf(`a field has the wire type ${this.#wireType}`);
    }
  }

  #expect(wireType: number): void {
    if (this.#wireType !== wireType) {
      throw new MalformedProtobuf(`a field has the wire type ${this.#wireType} instead of ${wireType}`);
    }
  }

  #length(): number {
    return Number(this.#varint());
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.byteLength) throw new MalformedProtobuf('the message is cut off');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  #varint(): number | bigint {
    let small = 0;
    for (let index = 0; index < SMALL_VARINT_BYTES; index += 1) {
      const byte = this.#bytes[this.#at + index];
      if (byte === undefined) throw new MalformedProtobuf('the message is cut off');
      small |= (byte & 0x7f) << (index * 7);
      if (byte < 0x80) {
        this.#at += index + 1;
        return small;
      }
    }
    return this.#longVarint();
  }

  #longVarint(): bigint {
    let value = 0n;
    for (let index = 0; index < MAX_VARINT_BYTES; index += 1) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new MalformedProtobuf('the message is cut off');
      this.#at += 1;
      value |= BigInt(byte & 0x7f) << BigInt(index * 7);
      if (byte < 0x80) return value & UINT64_MASK;
    }
    throw new MalformedProtobuf('a number has more than ten bytes');
  }
}

/** The text if it is short and has ASCII characters only. */
function shortAscii(bytes: Uint8Array): string | undefined {
  if (bytes.byteLength > SHORT_TEXT_BYTES) return undefined;
  let text = '';
  for (const byte of bytes) {
    if (byte > 0x7f) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}
