/** Frames as a client sends them, right or wrong, byte by byte by RFC 6455, section 5.2. */

export interface ClientFrame {
  readonly opcode: number;
  readonly payload?: Buffer | string;
  /** Absent: true. */
  readonly isFinal?: boolean;
  readonly reserved?: number;
  /** Absent: one that changes every byte. `null`: the frame is not masked. */
  readonly mask?: readonly [number, number, number, number] | null;
  /** How many bytes the length takes; absent: as few as possible. */
  readonly lengthBytes?: 0 | 2 | 8;
}

export function clientFrame(frame: ClientFrame): Buffer {
  const payload = Buffer.from(frame.payload ?? '');
  const { isFinal = true, reserved = 0, mask = [0x11, 0x82, 0xf3, 0x44] as const } = frame;
  const length = payload.byteLength;
  const lengthBytes = frame.lengthBytes ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8);
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = (isFinal ? 0x80 : 0) | (reserved << 4) | frame.opcode;
  head[1] = (mask === null ? 0 : 0x80) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(length, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (mask === null) return Buffer.concat([head, payload]);
  const masked = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.concat([head, Buffer.from(mask), masked]);
}

export const TEXT = 1;
export const BINARY = 2;
export const CONTINUATION = 0;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

export function closePayload(code: number, reason: Buffer | string = ''): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
}
