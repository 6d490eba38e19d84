/**
 * One side of a WebSocket (RFC 6455), after the opening handshake. It is made for many connections with small messages:
 * all connections share the memory to read into and to write from, and messages are passed on as views
 * (`docs/decisions/0070-a-websocket-reader-of-our-own.md`).
 *
 *     open ──close()──▶ closing ──close of the other side──▶ ending ──▶ closed
 *       ├──close of the other side, which is answered──────────▲
 *       ├──breach of the protocol, which is answered───────────┘
 *       └──connection lost, or terminate(), in any state──────────────▶ closed
 */
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { adoptSocket } from './adopt-socket.ts';
import { OPCODE, writeFrame } from './frame-writer.ts';
import { CLOSE_CODE, MessageReader, type WebSocketRole } from './message-reader.ts';

/** How long the other side has to answer a close. */
const CLOSE_ANSWER_LIMIT_MS = 2_000;
/** How long the other side has to end its half of the connection once everything is said. */
const END_LIMIT_MS = 2_000;
/** Fragments of one message. */
const MAX_FRAGMENTS = 1_024;

export interface WebSocketListener {
  /** `data` is valid until this returns. */
  message(data: Buffer, isBinary: boolean): void;
  /** A message that comes after `close` and before the other side's close. Defaults to dropping it. */
  lateMessage?(data: Buffer, isBinary: boolean): void;
  /** A ping was answered, or came. */
  alive(): void;
  /**
   * Nothing more comes, and nothing more can be sent. Called once, last. `code`: the other side's; 1005 when it gave
   * none, 1006 when it did not close in order.
   */
  closed(code: number, reason: string): void;
}

interface WebSocketConnectionOptions {
  readonly role: WebSocketRole;
  /** A server's answer to the handshake. */
  readonly response?: string;
  /** What came with the handshake. */
  readonly head: Buffer;
  readonly clock: Pick<Clock, 'after'>;
  readonly maxMessageBytes: number;
}

type State = 'open' | 'closing' | 'ending' | 'closed';

export class WebSocketConnection {
  readonly #socket: Duplex;
  readonly #role: WebSocketRole;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #reader: MessageReader;
  readonly #closed = Promise.withResolvers<void>();
  #listener: WebSocketListener | undefined;
  #state: State = 'open';
  /** Bytes that came with the handshake and wait for a listener. */
  readonly #head: Buffer;
  #code: number = CLOSE_CODE.abnormal;
  #reason = '';
  /** Whether the next data frame continues a message. */
  #isWithinMessage = false;
  /**
   * The latest ping, while the other side is too slow to be answered; older ones may go unanswered (RFC 6455, section
   * 5.5.3).
   */
  #unansweredPing: Buffer | undefined;
  #cancelCut = (): void => {};

  /** Takes over an HTTP connection, and sends the server's answer to the handshake. */
  constructor(
    accepted: Duplex,
    { role, response, head, clock, maxMessageBytes }: WebSocketConnectionOptions,
  ) {
    this.#role = role;
    this.#clock = clock;
    this.#reader = new MessageReader(
      {
        message: (data, isBinary) => {
          if (this.#state === 'open') this.#listener?.message(data, isBinary);
          else this.#listener?.lateMessage?.(data, isBinary);
        },
        ping: (data) => this.#pinged(data),
        pong: () => this.#listener?.alive(),
        closing: (code, reason) => this.#answerClose(code, reason),
        failed: (code, reason) => this.#fail(code, reason),
      },
      { sender: role === 'server' ? 'client' : 'server', maxMessageBytes, maxFragments: MAX_FRAGMENTS },
    );
    this.#socket = adoptSocket(accepted, this.#reader);
    this.#socket.on('error', () => {});
    // Half a connection is useless.
    this.#socket.on('end', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#over());
    this.#socket.on('drain', () => this.#answerPing());
    if (response !== undefined) this.#socket.write(response);
    this.#head = head;
  }

  /** Resolves when the connection is gone. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Bytes that were sent and are not yet with the operating system. */
  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  /** Reports everything that comes from now on. Call it once, right after the connection is made. */
  listen(listener: WebSocketListener): void {
    this.#listener = listener;
    // The listener hears nothing before this returns.
    if (this.#head.byteLength > 0) queueMicrotask(() => this.#reader.push(Buffer.from(this.#head)));
  }

  /**
   * Sends text, or its UTF-8, which is not kept; nothing once it is closing.
   * @param isFinal false where the message goes on with the next call
   */
  send(text: string | Uint8Array, isFinal = true): void {
    if (this.#state !== 'open') return;
    const opcode = this.#isWithinMessage ? OPCODE.continuation : OPCODE.text;
    this.#isWithinMessage = !isFinal;
    writeFrame(this.#socket, this.#role, opcode, text, isFinal);
  }

  /** Runs `send`, which sends several messages, and hands them to the operating system together. */
  together(send: () => void): void {
    this.#socket.cork();
    try {
      send();
    } finally {
      this.#socket.uncork();
    }
  }

  /** Reads nothing from now on. */
  pause(): void {
    this.#socket.pause();
  }

  /** Sends a binary message, which is not kept. Returns false, and sends nothing, once the connection is closing. */
  sendBytes(bytes: Uint8Array): boolean {
    if (this.#state !== 'open') return false;
    writeFrame(this.#socket, this.#role, OPCODE.binary, bytes);
    return true;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  ping(): void {
    if (this.#state === 'open') this.#write(OPCODE.ping, '');
  }

  /** Begins the closing handshake, with a bound after which the connection is cut. Idempotent. */
  close(code: number, reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#write(OPCODE.close, closePayload(code, reason));
    this.#cutAfter(CLOSE_ANSWER_LIMIT_MS);
  }

  /** Cuts the connection. Idempotent. */
  terminate(): void {
    this.#socket.destroy();
  }

  #pinged(data: Buffer): void {
    this.#listener?.alive();
    this.#unansweredPing = Buffer.from(data);
    // Pongs would pile up in memory for a peer that only pings and never reads.
    if (!this.#socket.writableNeedDrain) this.#answerPing();
  }

  #answerPing(): void {
    const data = this.#unansweredPing;
    this.#unansweredPing = undefined;
    if (data !== undefined && this.#state === 'open') this.#write(OPCODE.pong, data);
  }

  #answerClose(code: number, reason: string): void {
    this.#code = code;
    this.#reason = reason;
    const isAsked = this.#state === 'open';
    if (isAsked) this.#write(OPCODE.close, code === CLOSE_CODE.noStatus ? '' : closePayload(code, ''));
    this.#end();
  }

  #fail(code: number, reason: string): void {
    if (this.#state === 'open') this.#write(OPCODE.close, closePayload(code, reason));
    this.#end();
  }

  #write(opcode: (typeof OPCODE)[keyof typeof OPCODE], payload: string | Uint8Array): void {
    writeFrame(this.#socket, this.#role, opcode, payload);
  }

  /** Nothing is left to send. */
  #end(): void {
    if (this.#state === 'ending' || this.#state === 'closed') return;
    this.#state = 'ending';
    this.#socket.end();
    this.#cutAfter(END_LIMIT_MS);
    this.#tellClosed();
  }

  #cutAfter(ms: number): void {
    this.#cancelCut();
    this.#cancelCut = this.#clock.after(ms, () => this.#socket.destroy());
  }

  #over(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelCut();
    this.#closed.resolve();
    this.#tellClosed();
  }

  #tellClosed(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.closed(this.#code, this.#reason);
  }
}

/** Longest reason: a control frame has 125 bytes, two of them the code. */
const MAX_REASON_BYTES = 123;

function closePayload(code: number, reason: string): Buffer {
  const text = Buffer.from(reason);
  const payload = Buffer.alloc(2 + Math.min(MAX_REASON_BYTES, text.byteLength));
  payload.writeUInt16BE(code, 0);
  text.copy(payload, 2);
  return payload;
}
