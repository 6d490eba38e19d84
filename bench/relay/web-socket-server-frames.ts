/**
 * Frames of RFC 6455 as the lane echo of the measurements reads and writes them, without a library, so that the load
 * stays small.
 */

const MASK_BYTES = 4;

export interface ClientFrame {
  readonly opcode: number;
  /** Unmasked in place. */
  readonly payload: Buffer;
  /** Where the next frame begins. */
  readonly end: number;
}

/** The frame of a client at `at`, or undefined while it is not complete up to `filled`. */
export function readClientFrame(buffer: Buffer, at: number, filled: number): ClientFrame | undefined {
  if (filled - at < 2) return undefined;
  const short = (buffer[at + 1] ?? 0) & 0x7f;
  const head = (short === 126 ? 4 : short === 127 ? 10 : 2) + MASK_BYTES;
  if (filled - at < head) return undefined;
  const length =
    short === 126
      ? buffer.readUInt16BE(at + 2)
      : short === 127
        ? Number(buffer.readBigUInt64BE(at + 2))
        : short;
  const start = at + head;
  if (filled - start < length) return undefined;
  const mask = start - MASK_BYTES;
  const [a = 0, b = 0, c = 0, d = 0] = [buffer[mask], buffer[mask + 1], buffer[mask + 2], buffer[mask + 3]];
  const end = start + length;
  let index = start;
  for (; index + 3 < end; index += 4) {
    buffer[index] = (buffer[index] ?? 0) ^ a;
    buffer[index + 1] = (buffer[index + 1] ?? 0) ^ b;
    buffer[index + 2] = (buffer[index + 2] ?? 0) ^ c;
    buffer[index + 3] = (buffer[index + 3] ?? 0) ^ d;
  }
  for (; index < end; index += 1)
    buffer[index] = (buffer[index] ?? 0) ^ (buffer[mask + ((index - start) & 3)] ?? 0);
  return { opcode: (buffer[at] ?? 0) & 0x0f, payload: buffer.subarray(start, end), end };
}

/** The head of a server's frame that is not fragmented. */
export function serverFrameHead(opcode: number, length: number): Buffer {
  if (length < 126) return Buffer.from([0x80 | opcode, length]);
  if (length < 65_536) return Buffer.from([0x80 | opcode, 126, length >> 8, length & 0xff]);
  const head = Buffer.alloc(10);
  head[0] = 0x80 | opcode;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}
