import { WireType } from './protobuf-reader.ts';

/** A number below 2^28 has few enough bits for the arithmetic of 32-bit integers. */
const SMALL = 2 ** 28;

/**
 * Writes the wire format of Protocol Buffers: fields in the order in which they are given. What is written is gathered, and copied once,
 * by `finish` of the outermost message.
 */
export class ProtobufWriter {
  /** Bytes to be copied, and tags and lengths between them. */
  readonly #parts: (Uint8Array | number[])[] = [];
  #length = 0;

  /** A text; an empty one is the default of proto3 and left out, unless the field is part of a oneof or optional. */
  string(field: number, text: string, presence: 'implicit' | 'explicit' = 'explicit'): this {
    if (text === '' && presence === 'implicit') return this;
    return this.bytes(field, Buffer.from(text));
  }

  bytes(field: number, bytes: Uint8Array): this {
    this.#head(tag(field, WireType.bytes), bytes.byteLength);
    return this.append(bytes);
  }

  /** A message; what is written into it afterwards is not part of it. */
  message(field: number, message: ProtobufWriter): this {
    this.#head(tag(field, WireType.bytes), message.#length);
    for (const part of message.#parts) this.#parts.push(part);
    this.#length += message.#length;
    return this;
  }

  uint64(field: number, value: number | bigint): this {
    this.#head(tag(field, WireType.varint), value);
    return this;
  }

  /** A truth value; false is the default of proto3 and left out. */
  bool(field: number, value: boolean): this {
    return value ? this.uint64(field, 1) : this;
  }

  /** Fields that are written already. */
  append(written: Uint8Array): this {
    this.#parts.push(written);
    this.#length += written.byteLength;
    return this;
  }

  finish(): Uint8Array {
    const bytes = Buffer.allocUnsafe(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      if (Array.isArray(part)) {
        for (const byte of part) {
          bytes[at] = byte;
          at += 1;
        }
      } else {
        bytes.set(part, at);
        at += part.byteLength;
      }
    }
    return bytes;
  }

  /** A tag and the number after it. */
  #head(first: number, second: number | bigint): void {
    const bytes: number[] = [];
    pushVarint(bytes, first);
    pushVarint(bytes, second);
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }
}

function pushVarint(bytes: number[], value: number | bigint): void {
  if (typeof value === 'number' && value < SMALL) {
    let rest = value;
    while (rest > 0x7f) {
      bytes.push((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    bytes.push(rest);
    return;
  }
  let rest = BigInt(value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
}

function tag(field: number, wireType: number): number {
  return field * 8 + wireType;
}
