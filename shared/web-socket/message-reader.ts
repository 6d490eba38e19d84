/**
 * Reads what the other side of a WebSocket sends (RFC 6455): bytes in any pieces in, messages out. No timers, no I/O.
 *
 *     between ──text or binary, not final──▶ fragmented ──continuation, final──▶ between
 *        │  ▲                                    │  ▲
 *        └──┘ a whole message, ping, pong        └──┘ continuation, ping, pong
 *
 *     either ──close──▶ ended        either ──breach of the protocol──▶ ended
 *
 * A message that is complete in one piece is unmasked in place and passed on as a view: nothing is copied.
 */
import { isUtf8 } from 'node:buffer';
import { ByteStore } from '../base/byte-store.ts';
import { unmask } from './unmask.ts';

/** Close codes of RFC 6455, section 7.4.1. */
export const CLOSE_CODE = {
  protocolError: 1002,
  noStatus: 1005,
  abnormal: 1006,
  invalidData: 1007,
  tooBig: 1009,
} as const;

interface MessageListener {
  /** `data` is valid until this returns. */
  message(data: Buffer, isBinary: boolean): void;
  ping(data: Buffer): void;
  pong(): void;
  /** The other side closes the connection. The code is 1005 when it gives none. Nothing follows. */
  closing(code: number, reason: string): void;
  /** The other side breaks the protocol or a limit. The close code says which. Nothing follows. */
  failed(code: number, reason: string): void;
}

/** The side that sends. Clients mask what they send, and servers must not. */
export type WebSocketRole = 'client' | 'server';

interface MessageReaderOptions {
  readonly sender: WebSocketRole;
  readonly maxMessageBytes: number;
  /** Fragments of one message. Without this bound, many empty fragments cost time without end. */
  readonly maxFragments: number;
}

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const FINAL = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
const MASK_BYTES = 4;
const MAX_CONTROL_BYTES = 125;
const NO_BYTES = Buffer.alloc(0);

export class MessageReader {
  readonly #listener: MessageListener;
  readonly #options: MessageReaderOptions;
  readonly #maskBytes: number;
  /** The beginning of a frame whose end has not come yet. */
  readonly #rest = new ByteStore();
  /** Bytes that the frame needs before the reader can go on. */
  #needed = 0;
  #parts: Buffer[] = [];
  #partsBytes = 0;
  /** The opcode of a fragmented message; 0 between messages. */
  #fragmented = 0;
  #isEnded = false;

  constructor(listener: MessageListener, options: MessageReaderOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#maskBytes = options.sender === 'client' ? MASK_BYTES : 0;
  }

  /** Takes the next bytes of the connection. They are changed, and are not kept. */
  push(bytes: Buffer): void {
    const all = this.#rest.byteLength === 0 ? bytes : this.#joinedWith(bytes);
    let at = 0;
    while (!this.#isEnded && at < all.byteLength) {
      const end = this.#readFrame(all, at);
      if (end === 0) break;
      at = end;
    }
    if (!this.#isEnded && at < all.byteLength) this.#rest.add(all.subarray(at));
  }

  /** The bytes so far, once enough are there to go on with; until then, none. */
  #joinedWith(bytes: Buffer): Buffer {
    this.#rest.add(bytes);
    if (this.#rest.byteLength < this.#needed) return NO_BYTES;
    const { buffer, byteLength } = this.#rest.take();
    return Buffer.from(buffer, 0, byteLength);
  }

  /** Reads the frame at `at` and returns its end. Returns 0 while it is incomplete, and once the reader has ended. */
  #readFrame(bytes: Buffer, at: number): number {
    const available = bytes.byteLength - at;
    if (available < 2) return this.#await(2);
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    const breach = this.#breachOf(first, second);
    if (breach !== undefined) return this.#fail(CLOSE_CODE.protocolError, breach);
    const short = second & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const head = 2 + lengthBytes + this.#maskBytes;
    if (available < head) return this.#await(head);
    const length =
      short === 126
        ? bytes.readUInt16BE(at + 2)
        : short === 127
          ? bytes.readUInt32BE(at + 2) * 0x1_0000_0000 + bytes.readUInt32BE(at + 6)
          : short;
    if ((short === 126 && length < 126) || (short === 127 && length < 0x1_0000))
      return this.#fail(CLOSE_CODE.protocolError, 'a length is written longer than need be');
    if (this.#partsBytes + length > this.#options.maxMessageBytes)
      return this.#fail(CLOSE_CODE.tooBig, 'a message is too long');
    if (available < head + length) return this.#await(head + length);
    const start = at + head;
    const end = start + length;
    if (this.#maskBytes > 0) unmask(bytes, start - MASK_BYTES, start, end);
    const opcode = first & 0x0f;
    const isFinal = (first & FINAL) !== 0;
    const payload = bytes.subarray(start, end);
    if (isFinal && (opcode === OPCODE.text || opcode === OPCODE.binary)) this.#deliver(opcode, payload);
    else this.#handleOther(opcode, isFinal, payload);
    return this.#isEnded ? 0 : end;
  }

  /** What is wrong with these first two bytes of a frame; undefined when they are right. */
  #breachOf(first: number, second: number): string | undefined {
    if ((first & RESERVED) !== 0) return 'a reserved bit is set';
    const isMasked = (second & MASKED) !== 0;
    if (isMasked !== this.#maskBytes > 0)
      return isMasked ? 'a frame of a server is masked' : 'a frame of a client is not masked';
    const isFinal = (first & FINAL) !== 0;
    const opcode = first & 0x0f;
    switch (opcode) {
      case OPCODE.continuation:
        return this.#fragmented === 0 ? 'a continuation of nothing' : undefined;
      case OPCODE.text:
      case OPCODE.binary:
        return this.#fragmented === 0 ? undefined : 'a message begins within another one';
      case OPCODE.close:
      case OPCODE.ping:
      case OPCODE.pong:
        if (!isFinal) return 'a control frame is fragmented';
        return (second & 0x7f) > MAX_CONTROL_BYTES ? 'a control frame is too long' : undefined;
      default:
        return 'an unknown opcode';
    }
  }

  /** Handles a frame that is not a whole message. */
  #handleOther(opcode: number, isFinal: boolean, payload: Buffer): void {
    switch (opcode) {
      case OPCODE.close:
        this.#close(payload);
        return;
      case OPCODE.ping:
        this.#listener.ping(payload);
        return;
      case OPCODE.pong:
        this.#listener.pong();
        return;
      case OPCODE.continuation:
        this.#continue(isFinal, payload);
        return;
      default:
        this.#begin(opcode, payload);
    }
  }

  #begin(opcode: number, payload: Buffer): void {
    this.#fragmented = opcode;
    this.#keep(payload);
  }

  #continue(isFinal: boolean, payload: Buffer): void {
    this.#keep(payload);
    if (this.#parts.length > this.#options.maxFragments) {
      this.#fail(CLOSE_CODE.tooBig, 'a message has too many fragments');
      return;
    }
    if (!isFinal) return;
    const opcode = this.#fragmented;
    const whole = Buffer.concat(this.#parts);
    this.#forgetParts();
    this.#deliver(opcode, whole);
  }

  #keep(payload: Buffer): void {
    this.#parts.push(Buffer.from(payload));
    this.#partsBytes += payload.byteLength;
  }

  #forgetParts(): void {
    this.#parts = [];
    this.#partsBytes = 0;
    this.#fragmented = 0;
  }

  #deliver(opcode: number, message: Buffer): void {
    const isBinary = opcode === OPCODE.binary;
    if (!isBinary && !isUtf8(message)) this.#fail(CLOSE_CODE.invalidData, 'a text is not UTF-8');
    else this.#listener.message(message, isBinary);
  }

  #close(payload: Buffer): void {
    if (payload.byteLength === 0) {
      this.#end();
      this.#listener.closing(CLOSE_CODE.noStatus, '');
      return;
    }
    const code = payload.byteLength === 1 ? 0 : payload.readUInt16BE(0);
    const reason = payload.subarray(2);
    if (!isCloseCode(code)) this.#fail(CLOSE_CODE.protocolError, 'a close code is not one that may be sent');
    else if (!isUtf8(reason)) this.#fail(CLOSE_CODE.invalidData, 'a close reason is not UTF-8');
    else {
      this.#end();
      this.#listener.closing(code, reason.toString());
    }
  }

  #fail(code: number, reason: string): 0 {
    this.#end();
    this.#listener.failed(code, reason);
    return 0;
  }

  #await(bytes: number): 0 {
    this.#needed = bytes;
    return 0;
  }

  #end(): void {
    this.#isEnded = true;
    this.#rest.take();
    this.#forgetParts();
  }
}

/** Codes that a side may send: those of the registry, and those of libraries and applications. */
function isCloseCode(code: number): boolean {
  return (
    (code >= 1000 &&
      code <= 1014 &&
      code !== 1004 &&
      code !== CLOSE_CODE.noStatus &&
      code !== CLOSE_CODE.abnormal) ||
    (code >= 3000 && code <= 4999)
  );
}
