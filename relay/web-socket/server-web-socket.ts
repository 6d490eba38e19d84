/**
 * The server's side of one WebSocket (RFC 6455). Made for many connections with small messages: it reads into memory that all share, hands messages
 * on where they lie, and writes from memory that is used again (`docs/decisions/0070-a-websocket-reader-of-our-own.md`).
 *
 *     open ──close()──▶ closing ──close of the other side──▶ ending ──▶ closed
 *       ├──close of the other side, which is answered──────────▲
 *       ├──breach of the protocol, which is told───────────────┘
 *       └──connection lost, or terminate(), in any state──────────────▶ closed
 */
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';
import { adoptSocket } from './adopt-socket.ts';
import { OPCODE, writeFrame } from './frame-writer.ts';
import { CLOSE_CODE, MessageReader } from './message-reader.ts';

/** How long the other side has to end its half of the connection once everything is said. */
const END_LIMIT_MS = 2_000;
/** Fragments of one message. */
const MAX_FRAGMENTS = 1_024;
/** Bytes that wait to be written, beyond which pings are not answered: whoever does not read need not be told more. */
const MAX_PONG_BACKLOG_BYTES = 64 * 1024;

export interface WebSocketListener {
  /** `data` is valid until this returns. */
  message(data: Buffer, isBinary: boolean): void;
  /** A ping was answered, or came. */
  alive(): void;
  /** Called once, last. `code`: that of the other side, 1005 where it gave none, 1006 where it did not close in order. */
  closed(code: number): void;
}

export interface ServerWebSocketOptions {
  /** The answer to the handshake. */
  readonly response: string;
  /** What came with the handshake. */
  readonly head: Buffer;
  readonly clock: Clock;
  readonly maxMessageBytes: number;
}

type State = 'open' | 'closing' | 'ending' | 'closed';

export class ServerWebSocket {
  readonly #socket: Duplex;
  readonly #clock: Clock;
  readonly #reader: MessageReader;
  readonly #closed = Promise.withResolvers<void>();
  #listener: WebSocketListener | undefined;
  #state: State = 'open';
  #code: number = CLOSE_CODE.abnormal;
  #cancelCut = (): void => {};

  /** Takes over a connection on which the opening handshake has come, and answers it. */
  constructor(accepted: Duplex, { response, head, clock, maxMessageBytes }: ServerWebSocketOptions) {
    this.#clock = clock;
    this.#reader = new MessageReader(
      {
        message: (data, isBinary) => {
          if (this.#state === 'open') this.#listener?.message(data, isBinary);
        },
        ping: (data) => this.#pinged(data),
        pong: () => this.#listener?.alive(),
        closing: (code) => this.#answerClose(code),
        failed: (code, reason) => this.#fail(code, reason),
      },
      { maxMessageBytes, maxFragments: MAX_FRAGMENTS },
    );
    this.#socket = adoptSocket(accepted, (bytes) => this.#reader.push(bytes));
    this.#socket.on('error', () => {});
    // Half a connection is of no use.
    this.#socket.on('end', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#over());
    this.#socket.write(response);
    // After whoever made this listens.
    if (head.byteLength > 0) queueMicrotask(() => this.#reader.push(Buffer.from(head)));
  }

  /** Resolves when the connection is gone. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Bytes that were sent and are not yet with the operating system. */
  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  /** Hands over everything that comes from now on. Called once, at once. */
  listen(listener: WebSocketListener): void {
    this.#listener = listener;
  }

  /** Sends a text message; nothing once it is closing. */
  send(text: string): void {
    if (this.#state === 'open') writeFrame(this.#socket, OPCODE.text, text);
  }

  ping(): void {
    if (this.#state === 'open') writeFrame(this.#socket, OPCODE.ping, '');
  }

  /** Begins the closing handshake; whoever calls limits its time. Idempotent. */
  close(code: number, reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    writeFrame(this.#socket, OPCODE.close, closePayload(code, reason));
  }

  /** Cuts the connection. Idempotent. */
  terminate(): void {
    this.#socket.destroy();
  }

  #pinged(data: Buffer): void {
    this.#listener?.alive();
    if (this.#state === 'open' && this.#socket.writableLength < MAX_PONG_BACKLOG_BYTES)
      writeFrame(this.#socket, OPCODE.pong, data);
  }

  #answerClose(code: number): void {
    this.#code = code;
    const isAsked = this.#state === 'open';
    if (isAsked)
      writeFrame(this.#socket, OPCODE.close, code === CLOSE_CODE.noStatus ? '' : closePayload(code, ''));
    this.#end();
  }

  #fail(code: number, reason: string): void {
    if (this.#state === 'open') writeFrame(this.#socket, OPCODE.close, closePayload(code, reason));
    this.#end();
  }

  /** Everything is said. */
  #end(): void {
    if (this.#state === 'ending' || this.#state === 'closed') return;
    this.#state = 'ending';
    this.#socket.end();
    this.#cancelCut = this.#clock.after(END_LIMIT_MS, () => this.#socket.destroy());
  }

  #over(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelCut();
    this.#closed.resolve();
    this.#listener?.closed(this.#code);
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
