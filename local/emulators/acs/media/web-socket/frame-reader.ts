import { isUtf8 } from 'node:buffer';
import { ByteGatherer } from './byte-gatherer.ts';
import { CLOSE_CODE, isCloseCode } from './close-code.ts';
import { MAX_CONTROL_BYTES, OPCODE } from './opcode.ts';

/** What the other side has sent. Bytes are valid until the call returns. */
export interface FrameListener {
  /** A whole message, of however many frames. Text is valid UTF-8. */
  message(bytes: Buffer, isBinary: boolean): void;
  ping(bytes: Buffer): void;
  pong(): void;
  /** The last frame; 1005 where it has no code. */
  close(code: number): void;
}

/** The other side broke the protocol or a limit; the connection is to be failed with this code (RFC 6455 section 7.1.7). */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly closeCode: number;

  constructor(closeCode: number, message: string) {
    super(message);
    this.closeCode = closeCode;
  }
}

/** One frame's header, and where its payload lies in the bytes at hand. */
interface Header {
  readonly fin: boolean;
  readonly opcode: number;
  readonly start: number;
  readonly end: number;
}

const FIN = 0x80;
const RESERVED = 0x70;
const OPCODE_BITS = 0x0f;
const MASKED = 0x80;
const LENGTH_BITS = 0x7f;
const LENGTH_IN_2_BYTES = 126;

/**
 * Reads what a server sends to its client (RFC 6455 section 5), without extensions. A message of one frame that comes in one piece, as nearly
 * all do, is handed over where it lies, without being copied.
 *
 * Between two calls it is in one of three states:
 * ```
 *            frame begins                    frame is whole
 *  between ───────────────▶ within a frame ──────────────────▶ between
 *     │                                                           │
 *     └───────────────── close frame, FrameError ─────────────────┴──▶ ended: everything is passed over
 * ```
 */
export class FrameReader {
  readonly #maxMessageBytes: number;
  readonly #listener: FrameListener;
  /** The beginning of a frame, the rest of which has not come. */
  readonly #unread = new ByteGatherer();
  /** The frames of a message that is not complete; meaningless while `#messageOpcode` is undefined. */
  readonly #message = new ByteGatherer();
  #messageOpcode: number | undefined;
  #ended = false;

  constructor(maxMessageBytes: number, listener: FrameListener) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#listener = listener;
  }

  /** Takes what has come, in pieces of any size. @throws FrameError */
  read(piece: Buffer): void {
    if (this.#ended) return;
    try {
      if (this.#unread.length === 0) {
        const used = this.#readFrames(piece);
        if (used < piece.length && !this.#ended) this.#unread.append(piece.subarray(used));
      } else {
        this.#unread.append(piece);
        this.#unread.drop(this.#readFrames(this.#unread.bytes));
      }
    } catch (error) {
      this.#ended = true;
      throw error;
    }
  }

  /** Reads the whole frames at the beginning, and answers how many bytes these are. */
  #readFrames(bytes: Buffer): number {
    let at = 0;
    while (!this.#ended) {
      const header = this.#headerAt(bytes, at);
      if (header === undefined || header.end > bytes.length) return at;
      this.#take(header, bytes.subarray(header.start, header.end));
      at = header.end;
    }
    return at;
  }

  /** Undefined where it has not come as a whole. Its rules are checked before its payload is waited for. */
  #headerAt(bytes: Buffer, at: number): Header | undefined {
    const first = bytes[at];
    const second = bytes[at + 1];
    if (first === undefined || second === undefined) return undefined;
    const fin = (first & FIN) !== 0;
    const opcode = first & OPCODE_BITS;
    if ((first & RESERVED) !== 0) throw violation('a reserved bit is set and no extension was agreed on');
    if ((second & MASKED) !== 0) throw violation('a server must not mask its frames');
    this.#checkOrder(opcode, fin, second & LENGTH_BITS);

    let length = second & LENGTH_BITS;
    let start = at + 2;
    if (length > LENGTH_IN_2_BYTES) {
      start += 8;
      if (bytes.length < start) return undefined;
      length = bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
    } else if (length === LENGTH_IN_2_BYTES) {
      start += 2;
      if (bytes.length < start) return undefined;
      length = bytes.readUInt16BE(at + 2);
    }
    const before = opcode === OPCODE.continuation ? this.#message.length : 0;
    if (before + length > this.#maxMessageBytes) {
      throw new FrameError(CLOSE_CODE.tooBig, `a message has more than ${this.#maxMessageBytes} bytes`);
    }
    return { fin, opcode, start, end: start + length };
  }

  #checkOrder(opcode: number, fin: boolean, shortLength: number): void {
    switch (opcode) {
      case OPCODE.continuation:
        if (this.#messageOpcode === undefined) throw violation('a message goes on that has not begun');
        return;
      case OPCODE.text:
      case OPCODE.binary:
        if (this.#messageOpcode !== undefined) throw violation('a message begins within another one');
        return;
      case OPCODE.close:
      case OPCODE.ping:
      case OPCODE.pong:
        if (!fin) throw violation('a control frame must be whole');
        if (shortLength > MAX_CONTROL_BYTES) {
          throw violation(`a control frame has at most ${MAX_CONTROL_BYTES} bytes`);
        }
        return;
      default:
        throw violation(`there is no opcode ${opcode}`);
    }
  }

  #take({ fin, opcode }: Header, payload: Buffer): void {
    switch (opcode) {
      case OPCODE.ping:
        this.#listener.ping(payload);
        return;
      case OPCODE.pong:
        this.#listener.pong();
        return;
      case OPCODE.close:
        this.#takeClose(payload);
        return;
      default:
        this.#takeData(fin, opcode, payload);
    }
  }

  #takeData(fin: boolean, opcode: number, payload: Buffer): void {
    if (fin && this.#messageOpcode === undefined) {
      this.#deliver(opcode, payload);
      return;
    }
    this.#messageOpcode ??= opcode;
    this.#message.append(payload);
    if (!fin) return;
    const messageOpcode = this.#messageOpcode;
    this.#messageOpcode = undefined;
    this.#deliver(messageOpcode, this.#message.bytes);
    this.#message.clear();
  }

  #deliver(opcode: number, bytes: Buffer): void {
    const isBinary = opcode === OPCODE.binary;
    if (!isBinary && !isUtf8(bytes)) throw new FrameError(CLOSE_CODE.notUtf8, 'a text message is not UTF-8');
    this.#listener.message(bytes, isBinary);
  }

  #takeClose(payload: Buffer): void {
    if (payload.length === 0) {
      this.#ended = true;
      this.#listener.close(CLOSE_CODE.none);
      return;
    }
    if (payload.length === 1) throw violation('a close frame has half a code');
    const code = payload.readUInt16BE(0);
    if (!isCloseCode(code)) throw violation(`a close frame must not have the code ${code}`);
    if (!isUtf8(payload.subarray(2))) {
      throw new FrameError(CLOSE_CODE.notUtf8, 'the reason of a close frame is not UTF-8');
    }
    this.#ended = true;
    this.#listener.close(code);
  }
}

function violation(message: string): FrameError {
  return new FrameError(CLOSE_CODE.protocolError, message);
}
