import { WireType } from './protobuf-reader.ts';

/** Writes the wire format of Protocol Buffers: fields in the order in which they are given. */
export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** A text; an empty one is the default of proto3 and left out, unless the field is part of a oneof or optional. */
  string(field: number, text: string, presence: 'implicit' | 'explicit' = 'explicit'): this {
    if (text === '' && presence === 'implicit') return this;
    return this.bytes(field, Buffer.from(text));
  }

  bytes(field: number, bytes: Uint8Array): this {
    this.#varint(tag(field, WireType.bytes));
    this.#varint(bytes.byteLength);
    return this.append(bytes);
  }

  message(field: number, message: ProtobufWriter): this {
    return this.bytes(field, message.finish());
  }

  uint64(field: number, value: number | bigint): this {
    this.#varint(tag(field, WireType.varint));
    this.#varint(value);
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
    return Buffer.concat(this.#parts, this.#length);
  }

  #varint(value: number | bigint): void {
    const bytes: number[] = [];
    let rest = BigInt(value);
    while (rest > 0x7fn) {
      bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.append(Uint8Array.from(bytes));
  }
}

function tag(field: number, wireType: number): number {
  return field * 8 + wireType;
}
