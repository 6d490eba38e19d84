/**
 * Writes the frames of a server (RFC 6455, section 5.2), unmasked and never fragmented, into memory that is used again: most writes are with the
 * operating system when `socket.write` returns, so that one buffer serves all connections of a process.
 */
import type { Writable } from 'node:stream';

export const OPCODE = { text: 1, close: 8, ping: 9, pong: 10 } as const;
export type Opcode = (typeof OPCODE)[keyof typeof OPCODE];

const FINAL = 0x80;
const LONGEST_HEAD = 10;
/** A second of audio at 24 kHz in base64, with room. What is longer gets memory of its own. */
const SHARED_BYTES = 128 * 1024;

let shared = Buffer.allocUnsafeSlow(SHARED_BYTES);

/** @param payload text is written as UTF-8 */
export function writeFrame(socket: Writable, opcode: Opcode, payload: string | Buffer): void {
  const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.byteLength;
  const isShared = LONGEST_HEAD + length <= SHARED_BYTES;
  const buffer = isShared ? shared : Buffer.allocUnsafeSlow(LONGEST_HEAD + length);
  const head = writeHead(buffer, opcode, length);
  if (typeof payload === 'string') buffer.write(payload, head);
  else payload.copy(buffer, head);
  socket.write(buffer.subarray(0, head + length));
  // What could not be written at once is still read from there.
  if (isShared && socket.writableLength > 0) shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
}

function writeHead(buffer: Buffer, opcode: Opcode, length: number): number {
  buffer[0] = FINAL | opcode;
  if (length < 126) {
    buffer[1] = length;
    return 2;
  }
  if (length < 0x1_0000) {
    buffer[1] = 126;
    buffer.writeUInt16BE(length, 2);
    return 4;
  }
  buffer[1] = 127;
  buffer.writeUInt32BE(Math.floor(length / 0x1_0000_0000), 2);
  buffer.writeUInt32BE(length % 0x1_0000_0000, 6);
  return LONGEST_HEAD;
}
