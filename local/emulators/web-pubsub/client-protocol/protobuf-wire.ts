import { isUtf8 } from 'node:buffer';
import protobuf from 'protobufjs/minimal.js';

const { Reader } = protobuf;
export type Reader = protobuf.Reader;
export const { Writer } = protobuf;
export type Writer = protobuf.Writer;

const UINT32 = 2 ** 32;
const WIRE_TYPE_BITS = 3;

/** The tag of a field whose value has a length: a text, bytes, or a message. */
export function bytesTag(field: number): number {
  return (field << WIRE_TYPE_BITS) | 2;
}

/** The tag of a field that is a number or a truth value. */
export function numberTag(field: number): number {
  return field << WIRE_TYPE_BITS;
}

/** Takes the value of a field that it knows by its tag, and says whether it has. */
type ReadField = (tag: number, reader: Reader) => boolean;

/**
 * Reads a message field by field. A field of a known number with another wire type is an unknown one, as it is for
 * every reader of the format.
 * @throws Error when the bytes are no message
 */
export function readFields(bytes: Uint8Array, read: ReadField): void {
  readUntil(Reader.create(bytes), bytes.byteLength, read);
}

/** Reads the message that is the value of a field. @throws Error as `readFields` */
export function readNested(reader: Reader, read: ReadField): void {
  const bytes = reader.size();
  readUntil(reader, reader.pos + bytes, read);
}

function readUntil(reader: Reader, end: number, read: ReadField): void {
  while (reader.pos < end) {
    const tag = reader.tag();
    if (!read(tag, reader)) reader.skipType(tag & 7, 0, tag >>> WIRE_TYPE_BITS);
  }
  if (reader.pos !== end || end > reader.len) throw new Error('a field is longer than its message');
}

/** @throws Error when the text is not UTF-8, which the library would patch with U+FFFD */
export function readUtf8(reader: Reader): string {
  const start = reader.pos;
  const text = reader.string();
  if (!text.includes('\ufffd')) return text;
  reader.pos = start;
  if (!isUtf8(reader.bytes())) throw new Error('a text is not UTF-8');
  return text;
}

/** An unsigned 64-bit integer: a number where that is exact, else a bigint. */
export function readUint64(reader: Reader): number | bigint {
  const { high, low } = reader.uint64() as { readonly high: number; readonly low: number };
  const value = (high >>> 0) * UINT32 + (low >>> 0);
  return Number.isSafeInteger(value) ? value : (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** Whether the bytes are a `google.protobuf.Any`: 1 `type_url` string, 2 `value` bytes, whatever it holds. */
export function isAny(bytes: Uint8Array): boolean {
  try {
    readFields(bytes, (tag, reader) => {
      if (tag !== bytesTag(1)) return false;
      readUtf8(reader);
      return true;
    });
    return true;
  } catch {
    return false;
  }
}
