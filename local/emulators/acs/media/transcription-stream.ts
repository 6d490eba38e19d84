import type { WebSocketConnection } from '../../../../shared/web-socket/web-socket-connection.ts';
import type { SpokenWords } from '../../../phone/script-phone.ts';
import { dial, HANDSHAKE_TIMEOUT_MS } from './dial.ts';
import type {
  MediaFailure,
  MediaStreamListener,
  OpenTranscriptionStream,
  TranscriptionStream,
  TranscriptionStreamOptions,
} from './port.ts';
import {
  intermediateFrame,
  transcriptionDataFrame,
  transcriptionMetadataFrame,
} from './transcription-codec.ts';

const NORMAL_CLOSURE = 1000;

/** Bytes that wait for the network at most; while there are more, results are thrown away. */
const MAX_BUFFERED_BYTES = 256 * 1024;

/**
 * Dials the application and streams words until stopped (see `OpenTranscriptionStream`). `warn` receives a line that
 * says why a stream was not opened.
 */
export function createOpenTranscriptionStream(warn: (line: string) => void): OpenTranscriptionStream {
  return (options, listener) =>
    new WebSocketTranscriptionStream(options, {
      ...listener,
      failed: (failure, detail) => {
        const { subscriptionId, callConnectionId } = options;
        warn(`transcription stream ${subscriptionId} of ${callConnectionId}: not opened: ${detail}`);
        listener.failed(failure, detail);
      },
    });
}

/**
 * ```
 *  dialing ──open──▶ streaming ──close, error──▶ ended   closedByPeer
 *     │                  └──stop─────────────────▲
 *     └──invalid URL, refused, timed out─────────┘       failed
 * ```
 */
type State = 'dialing' | 'streaming' | 'ended';

class WebSocketTranscriptionStream implements TranscriptionStream {
  readonly #options: TranscriptionStreamOptions;
  readonly #listener: MediaStreamListener;
  readonly #stopDialing: () => void;
  #socket: WebSocketConnection | undefined;
  #state: State = 'dialing';

  constructor(options: TranscriptionStreamOptions, listener: MediaStreamListener) {
    this.#options = options;
    this.#listener = listener;
    const { url, headers } = options;
    this.#stopDialing = dial({
      url,
      headers,
      timeoutMs: HANDSHAKE_TIMEOUT_MS,
      opened: (socket) => this.#begin(socket),
      failed: (failure, detail) => this.#fail(failure, detail),
    });
  }

  said(words: SpokenWords): void {
    if (this.#options.enableIntermediateResults) {
      const frame = intermediateFrame(words, this.#options.intermediateWords);
      if (frame !== undefined) this.#send(frame);
    }
    this.#send(transcriptionDataFrame(words, 'Final'));
  }

  stop(): void {
    switch (this.#state) {
      case 'dialing':
        this.#state = 'ended';
        this.#stopDialing();
        break;
      case 'streaming':
        this.#state = 'ended';
        this.#socket?.close(NORMAL_CLOSURE, '');
        break;
      case 'ended':
        break;
    }
  }

  #begin(socket: WebSocketConnection): void {
    if (this.#state !== 'dialing') {
      socket.terminate();
      return;
    }
    this.#state = 'streaming';
    this.#socket = socket;
    socket.listen({
      message: () => {},
      alive: () => {},
      closed: (code) => {
        if (this.#state !== 'streaming') return;
        this.#state = 'ended';
        this.#listener.closedByPeer(code);
      },
    });
    this.#send(transcriptionMetadataFrame(this.#options));
    this.#listener.started();
  }

  #send(frame: string): void {
    if (this.#state !== 'streaming' || (this.#socket?.bufferedBytes ?? 0) > MAX_BUFFERED_BYTES) return;
    this.#socket?.send(frame);
  }

  #fail(failure: MediaFailure, detail: string): void {
    if (this.#state !== 'dialing') return;
    this.#state = 'ended';
    this.#listener.failed(failure, detail);
  }
}
