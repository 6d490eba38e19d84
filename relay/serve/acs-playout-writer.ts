/** The last stop of audio on its way to ACS: encodes it once, as messages of the media WebSocket. */
import { type AudioFormat, msToBytes } from '../../shared/audio/audio-format.ts';
import type { WebSocketConnection } from '../../shared/web-socket/web-socket-connection.ts';
import { formatAudioData, formatStopAudio } from '../acs/acs-media.ts';
import { type CloseCause, closeCodeOf } from '../session/close-cause.ts';
import type { MediaPort } from '../session/session-options.ts';

/** Longest audio in one message: 64,000 characters of base64 at 24 kHz, and ACS documents data packets of 64 KB. */
const MAX_MESSAGE_MS = 1_000;

export class AcsPlayoutWriter implements MediaPort {
  readonly #webSocket: Pick<WebSocketConnection, 'send' | 'close' | 'bufferedBytes'>;
  readonly #maxBytes: number;

  constructor(webSocket: Pick<WebSocketConnection, 'send' | 'close' | 'bufferedBytes'>, format: AudioFormat) {
    this.#webSocket = webSocket;
    this.#maxBytes = msToBytes(format, MAX_MESSAGE_MS);
  }

  play(pcm: Uint8Array): void {
    for (let at = 0; at < pcm.byteLength; at += this.#maxBytes) {
      const piece = pcm.byteLength <= this.#maxBytes ? pcm : pcm.subarray(at, at + this.#maxBytes);
      this.#webSocket.send(formatAudioData(piece));
    }
  }

  stopAudio(): void {
    this.#webSocket.send(formatStopAudio());
  }

  bufferedBytes(): number {
    return this.#webSocket.bufferedBytes;
  }

  close(cause: CloseCause): void {
    this.#webSocket.close(closeCodeOf(cause), cause);
  }
}
