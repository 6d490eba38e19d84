import type { Socket } from 'node:net';
import { CLOSE_CODE } from './close-code.ts';
import { FrameError, FrameReader } from './frame-reader.ts';
import { Handshake } from './handshake.ts';
import { MaskedFrameWriter } from './masked-frame-writer.ts';
import { OPCODE } from './opcode.ts';

/** Longest message that is received at all, in bytes; a longer one ends the connection with 1009. */
export const MAX_RECEIVED_BYTES = 4 * 1024 * 1024;

/** How long the other side may take to end the connection after the first close frame, in milliseconds, before it is cut. */
const CLOSE_TIMEOUT_MS = 1_000;

const NO_BYTES = Buffer.alloc(0);

export interface WebSocketListener {
  opened(): void;
  /** There was no connection. Nothing else is told then. */
  failed(error: Error): void;
  /** One message, which may come after `close`; its bytes are valid until the call returns. Text is valid UTF-8. */
  message(bytes: Buffer, isBinary: boolean): void;
  /** The connection is over. The code is that of the other side's close frame, 1005 where it had none, 1006 where no close frame came. */
  closed(code: number): void;
}

/**
 * A WebSocket from its client's side (RFC 6455), made for small messages on very many connections: what comes is read where it lies, and
 * what goes is written into one buffer of the connection.
 * ```
 *              101                 close, close frame, broken frame
 *  connecting ─────▶ open ───────────────────────────────────────────▶ closing
 *      │               │ terminate, connection lost                       │ connection ended, or too late
 *      │               ▼                                                  ▼
 *      └─────────────▶ closed ◀───────────────────────────────────────────┘
 *       failed, close, terminate
 * ```
 */
export class WebSocketClient {
  readonly #listener: WebSocketListener;
  readonly #handshake: Handshake;
  readonly #reader: FrameReader;
  readonly #writer = new MaskedFrameWriter();
  readonly #closeTimeoutMs: number;
  #state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting';
  #socket: Socket | undefined;
  /** Whether the next frame goes on with a message. */
  #withinMessage = false;
  /** The latest ping, where its answer has to wait for the network; older ones may go without (RFC 6455 section 5.5.3). */
  #unansweredPing: Buffer | undefined;
  #closeCode: number = CLOSE_CODE.abnormal;
  #closeTimer: NodeJS.Timeout | undefined;

  /** Begins the handshake; see `Handshake`. The listener is told nothing before this returns. */
  constructor(
    url: URL,
    headers: Readonly<Record<string, string>>,
    handshakeTimeoutMs: number,
    listener: WebSocketListener,
    closeTimeoutMs = CLOSE_TIMEOUT_MS,
  ) {
    this.#listener = listener;
    this.#closeTimeoutMs = closeTimeoutMs;
    this.#reader = new FrameReader(MAX_RECEIVED_BYTES, {
      message: (bytes, isBinary) => {
        if (this.#state !== 'closed') this.#listener.message(bytes, isBinary);
      },
      ping: (bytes) => {
        this.#unansweredPing = Buffer.from(bytes);
        if (this.#socket?.writableNeedDrain !== true) this.#answerPing();
      },
      pong: () => {},
      close: (code) => this.#closedByPeer(code),
    });
    this.#handshake = new Handshake(url, headers, handshakeTimeoutMs, {
      upgraded: (socket, head) => this.#open(socket, head),
      failed: (error) => {
        this.#state = 'closed';
        this.#listener.failed(error);
      },
      bytes: (piece) => this.#read(piece),
    });
  }

  /** Whether messages can be sent; between the two close frames they cannot. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Bytes that the network has not taken yet. */
  get waitingBytes(): number {
    return this.#socket?.writableLength ?? 0;
  }

  /** Sends text, or its UTF-8, which may be changed afterwards. `fin`: the message ends with it. Nothing happens unless it is open. */
  send(text: string | Uint8Array, fin = true): void {
    if (this.#state !== 'open') return;
    const opcode = this.#withinMessage ? OPCODE.continuation : OPCODE.text;
    this.#withinMessage = !fin;
    this.#write(opcode, typeof text === 'string' ? Buffer.from(text) : text, fin);
  }

  /** Does something that sends several messages, and writes them to the network at once. */
  together(send: () => void): void {
    this.#socket?.cork();
    try {
      send();
    } finally {
      this.#socket?.uncork();
    }
  }

  /** From now on nothing is read. */
  pause(): void {
    this.#socket?.pause();
  }

  /** Closes with this code, as soon as what was sent has left. Idempotent. */
  close(code: number): void {
    if (this.#state === 'connecting') this.terminate();
    else if (this.#state === 'open') this.#beginClosing(code);
  }

  /** Cuts the connection; of one that was not open yet nothing is told. Idempotent. */
  terminate(): void {
    if (this.#state === 'connecting') this.#state = 'closed';
    this.#handshake.abandon();
    this.#socket?.destroy();
  }

  #open(socket: Socket, head: Buffer): void {
    this.#state = 'open';
    this.#socket = socket;
    socket.on('drain', () => this.#answerPing());
    socket.once('close', () => {
      this.#state = 'closed';
      clearTimeout(this.#closeTimer);
      this.#listener.closed(this.#closeCode);
    });
    this.#listener.opened();
    if (head.length > 0) this.#read(head);
  }

  #read(piece: Buffer): void {
    try {
      this.#reader.read(piece);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      if (this.#state === 'open') this.#beginClosing(error.closeCode);
      this.#socket?.end();
    }
  }

  /** The first of the two close frames is answered with the same code, the second one ends the connection. */
  #closedByPeer(code: number): void {
    this.#closeCode = code;
    if (this.#state === 'open') this.#beginClosing(code);
    this.#socket?.end();
  }

  #beginClosing(code: number): void {
    this.#state = 'closing';
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code === CLOSE_CODE.none ? 0 : code);
    this.#write(OPCODE.close, code === CLOSE_CODE.none ? NO_BYTES : payload, true);
    this.#closeTimer = setTimeout(() => this.#socket?.destroy(), this.#closeTimeoutMs);
  }

  #answerPing(): void {
    const bytes = this.#unansweredPing;
    if (bytes === undefined || this.#state !== 'open') return;
    this.#unansweredPing = undefined;
    this.#write(OPCODE.pong, bytes, true);
  }

  #write(opcode: number, payload: Uint8Array, fin: boolean): void {
    const socket = this.#socket;
    if (socket === undefined || !socket.writable) return;
    socket.write(this.#writer.write(opcode, payload, fin));
    // What the network has not taken at once, it takes from the same memory later.
    if (socket.writableLength > 0) this.#writer.leave();
  }
}
