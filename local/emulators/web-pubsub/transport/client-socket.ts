import type { WebSocket } from 'ws';
import { CloseCode } from '../base/close-codes.ts';
import type { Limits } from '../base/limits.ts';
import type { Frame } from '../hub/client-codec.ts';
import type { TransportEnd } from '../hub/commands.ts';

export interface ClientSocketListener {
  onFrame(frame: Frame): void;
  /** At most once. */
  onEnd(end: TransportEnd): void;
}

/** A close frame's reason has at most this many bytes (RFC 6455, section 5.5). */
const CLOSE_REASON_BYTES = 123;

const BINARY = Object.freeze({ binary: true });
const TEXT = Object.freeze({ binary: false });

/** One client's WebSocket, with a bound on what may wait to be written to it. */
export class ClientSocket {
  readonly #ws: WebSocket;
  readonly #limits: Limits;
  readonly #listener: ClientSocketListener;
  /** Frames that were written while others waited. */
  #pendingFrames = 0;
  #ended = false;
  /** One function for every write, so that a write allocates none. */
  readonly #written = (): void => {
    this.#pendingFrames -= 1;
  };

  constructor(ws: WebSocket, limits: Limits, listener: ClientSocketListener) {
    this.#ws = ws;
    this.#limits = limits;
    this.#listener = listener;
    ws.on('message', (data: Buffer, binary: boolean) => {
      if (!this.#ended) listener.onFrame({ bytes: data, binary });
    });
    ws.on('error', (error: NodeJS.ErrnoException) => {
      const violation = violationOf(error);
      // ws itself has sent the close frame of a violation; other errors are followed by 'close'.
      if (violation !== undefined) this.#end(violation);
    });
    ws.on('close', (code, reason) => {
      this.#end(code === 1006 ? { how: 'lost' } : { how: 'closed', code, reason: reason.toString() });
    });
  }

  write(frame: Frame): void {
    if (this.#ended || this.#ws.readyState !== this.#ws.OPEN) return;
    const { outboundQueueMessages, outboundQueueBytes } = this.#limits;
    const tooMany = this.#pendingFrames >= outboundQueueMessages;
    if (tooMany || this.#ws.bufferedAmount + frame.bytes.byteLength > outboundQueueBytes) {
      this.#end({ how: 'tooSlow' });
      return;
    }
    const options = frame.binary ? BINARY : TEXT;
    if (this.#ws.bufferedAmount === 0) {
      // Nothing waits, so this one goes to the kernel now or is the only one that waits: it is not worth a callback.
      this.#ws.send(frame.bytes, options);
      return;
    }
    this.#pendingFrames += 1;
    this.#ws.send(frame.bytes, options, this.#written);
  }

  /** Starts the closing handshake; what was written before is sent first. */
  close(code: number, reason: string): void {
    this.#ended = true;
    // A socket that is not read would never see the other side's close frame.
    this.#ws.resume();
    this.#ws.close(code, shortened(reason));
  }

  /** Cuts the TCP connection. */
  abort(): void {
    this.#ended = true;
    this.#ws.terminate();
  }

  pauseReading(): void {
    this.#ws.pause();
  }

  resumeReading(): void {
    this.#ws.resume();
  }

  /** Resolves when the socket is closed, cutting it after `limitMs`. */
  async drain(limitMs: number): Promise<void> {
    if (this.#ws.readyState === this.#ws.CLOSED) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#ws.terminate(), limitMs);
      this.#ws.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #end(end: TransportEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#listener.onEnd(end);
  }
}

function violationOf(error: NodeJS.ErrnoException): TransportEnd | undefined {
  switch (error.code) {
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
      return { how: 'violation', code: CloseCode.messageTooBig, reason: 'the message is too big' };
    case 'WS_ERR_INVALID_UTF8':
      return { how: 'violation', code: CloseCode.invalidPayload, reason: 'a text frame is not UTF-8' };
    default:
      if (error.code?.startsWith('WS_ERR_') !== true) return undefined;
      return { how: 'violation', code: CloseCode.protocolError, reason: 'a frame is invalid' };
  }
}

/** At most as many bytes as a close frame holds, cut between characters. */
function shortened(reason: string): string {
  let text = reason;
  while (Buffer.byteLength(text) > CLOSE_REASON_BYTES) text = [...text].slice(0, -1).join('');
  return text;
}
