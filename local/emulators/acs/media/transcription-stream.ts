import type { SpokenWords } from '../../../phone/script-phone.ts';
import { HANDSHAKE_TIMEOUT_MS, refusalDetail, transportUrl } from './dial.ts';
import type { MediaFailure, MediaStreamListener } from './port.ts';
import {
  intermediateFrame,
  transcriptionDataFrame,
  transcriptionMetadataFrame,
} from './transcription-codec.ts';
import type {
  OpenTranscriptionStream,
  TranscriptionStream,
  TranscriptionStreamOptions,
} from './transcription-port.ts';
import { WebSocketClient } from './web-socket/web-socket-client.ts';

const NORMAL_CLOSURE = 1000;

/** Bytes that wait for the network at most; while there are more, results are thrown away. */
const MAX_BUFFERED_BYTES = 256 * 1024;

/** Dials the application and streams words until stopped (see `OpenTranscriptionStream`). */
export const openTranscriptionStream: OpenTranscriptionStream = (options, listener) =>
  new WebSocketTranscriptionStream(options, listener);

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
  readonly #socket: WebSocketClient | undefined;
  #state: State = 'dialing';

  constructor(options: TranscriptionStreamOptions, listener: MediaStreamListener) {
    this.#options = options;
    this.#listener = listener;
    this.#socket = this.#dial();
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
        this.#socket?.terminate();
        break;
      case 'streaming':
        this.#state = 'ended';
        this.#socket?.close(NORMAL_CLOSURE);
        break;
      case 'ended':
        break;
    }
  }

  #dial(): WebSocketClient | undefined {
    const url = transportUrl(this.#options.url);
    if (url === undefined) {
      // The caller has no stream to speak of until this call returns.
      setImmediate(() => this.#fail('invalidUrl', 'the transport URL is not a ws: or wss: URL'));
      return undefined;
    }
    return new WebSocketClient(url, this.#options.headers, HANDSHAKE_TIMEOUT_MS, {
      opened: () => {
        if (this.#state !== 'dialing') return;
        this.#state = 'streaming';
        this.#send(transcriptionMetadataFrame(this.#options));
        this.#listener.started();
      },
      failed: (error) => this.#fail('notAccepted', refusalDetail(url, error)),
      message: () => {},
      closed: (code) => {
        if (this.#state !== 'streaming') return;
        this.#state = 'ended';
        this.#listener.closedByPeer(code);
      },
    });
  }

  #send(frame: string): void {
    if (this.#state !== 'streaming' || (this.#socket?.waitingBytes ?? 0) > MAX_BUFFERED_BYTES) return;
    this.#socket?.send(frame);
  }

  #fail(failure: MediaFailure, detail: string): void {
    if (this.#state !== 'dialing') return;
    this.#state = 'ended';
    this.#listener.failed(failure, detail);
  }
}
