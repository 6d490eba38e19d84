/**
 * Writes frames (RFC 6455, section 5.2) into memory that is used again: most writes are with the operating system when
 * `socket.write` returns, so that one buffer serves all connections of a process.
 */
import { randomFillSync } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { WebSocketRole } from './message-reader.ts';
import { unmask } from './unmask.ts';

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const FINAL = 0x80;
const MASKED = 0x80;
const MASK_BYTES = 4;
const LONGEST_HEAD = 10 + MASK_BYTES;
/** A second of audio at 24 kHz in base64, with room. What is longer gets memory of its own. */
const SHARED_BYTES = 128 * 1024;

let shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
/** Bytes at its start that sockets still read: what was written and could not leave at once. */
let taken = 0;

/**
 * @param sender a client's frame is masked, each with another mask
 * @param payload text is written as UTF-8; bytes are not kept
 * @param isFinal false where the message goes on in the next frame
 */
export function writeFrame(
  socket: Writable,
  sender: WebSocketRole,
  opcode: (typeof OPCODE)[keyof typeof OPCODE],
  payload: string | Uint8Array,
  isFinal = true,
): void {
  const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.byteLength;
  const isShared = LONGEST_HEAD + length <= SHARED_BYTES;
  if (isShared && taken + LONGEST_HEAD + length > SHARED_BYTES) renewShared();
  const buffer = isShared ? shared : Buffer.allocUnsafeSlow(LONGEST_HEAD + length);
  const start = isShared ? taken : 0;
  const maskAt = writeHead(buffer, start, isFinal ? FINAL | opcode : opcode, length);
  const payloadAt = sender === 'client' ? maskAt + MASK_BYTES : maskAt;
  const end = payloadAt + length;
  if (typeof payload === 'string') buffer.write(payload, payloadAt);
  else buffer.set(payload, payloadAt);
  if (sender === 'client') mask(buffer, start, maskAt, end);
  socket.write(buffer.subarray(start, end));
  // What could not be written at once is still read from there.
  if (isShared && socket.writableLength > 0) taken = end;
}

/** The old memory lives on for as long as a socket reads from it. */
function renewShared(): void {
  shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
  taken = 0;
}

function mask(buffer: Buffer, start: number, maskAt: number, end: number): void {
  buffer[start + 1] = (buffer[start + 1] ?? 0) | MASKED;
  nextMask(buffer, maskAt);
  // The same operation puts a mask on and takes it off.
  unmask(buffer, maskAt, maskAt + MASK_BYTES, end);
}

/** Masks must not be foreseeable (RFC 6455, section 10.3). Many are drawn at a time. */
const masks = Buffer.allocUnsafeSlow(4_096);
let maskDrawn = masks.byteLength;

function nextMask(into: Buffer, at: number): void {
  if (maskDrawn === masks.byteLength) {
    randomFillSync(masks);
    maskDrawn = 0;
  }
  masks.copy(into, at, maskDrawn, maskDrawn + MASK_BYTES);
  maskDrawn += MASK_BYTES;
}

/** Where the payload begins, or the mask before it. */
function writeHead(buffer: Buffer, start: number, first: number, length: number): number {
  buffer[start] = first;
  if (length < 126) {
    buffer[start + 1] = length;
    return start + 2;
  }
  if (length < 0x1_0000) {
    buffer[start + 1] = 126;
    buffer.writeUInt16BE(length, start + 2);
    return start + 4;
  }
  buffer[start + 1] = 127;
  buffer.writeUInt32BE(Math.floor(length / 0x1_0000_0000), start + 2);
  buffer.writeUInt32BE(length % 0x1_0000_0000, start + 6);
  return start + 10;
}
