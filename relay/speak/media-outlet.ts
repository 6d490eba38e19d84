/** The way to ACS: audio and StopAudio as messages on the media socket, with the account of what of it has been heard. */
import {
  AUDIO_FORMATS,
  type AudioFormat,
  bytesToMs,
  FRAME_MS,
  msToBytes,
} from '../../shared/audio/audio-format.ts';
import { formatAudioData, formatStopAudio } from '../acs/acs-media.ts';
import type { MediaSocket } from '../session/media-socket.ts';
import { PlayoutWindow } from './playout-window.ts';

/** Longest audio in one message: 64,000 characters of base64 at 24 kHz, and ACS documents data packets of 64 KB. */
export const MAX_MESSAGE_MS = 1_000;
/** Bytes that may wait in the socket; no audio is added to more. */
export const MAX_SOCKET_BUFFER_BYTES = 1024 * 1024;

export class MediaOutlet {
  readonly #socket: MediaSocket;
  readonly #format: AudioFormat;
  readonly #ledger: PlayoutWindow;
  readonly #filler: Uint8Array;
  #isEmptied = true;
  #bytesOut = 0;
  #fillerBytesOut = 0;
  #stopAudioSent = 0;

  /** @param fillerMs silence to be played ahead of audio that is not to be torn; rounded up to whole frames */
  constructor(socket: MediaSocket, format: AudioFormat, fillerMs: number) {
    this.#socket = socket;
    this.#format = format;
    this.#ledger = new PlayoutWindow(format);
    this.#filler = new Uint8Array(Math.ceil(fillerMs / FRAME_MS) * AUDIO_FORMATS[format].frameBytes);
  }

  get fillerMs(): number {
    return bytesToMs(this.#format, this.#filler.byteLength);
  }

  /** The other side does not take what it is given. */
  get isFull(): boolean {
    return this.#socket.bufferedBytes() > MAX_SOCKET_BUFFER_BYTES;
  }

  /** Nothing was sent since the last StopAudio. Otherwise something may wait there, whatever the account of it says. */
  get isEmptied(): boolean {
    return this.#isEmptied;
  }

  /** Filler included. */
  get bytesOut(): number {
    return this.#bytesOut;
  }

  /** The filler in it. */
  get fillerBytesOut(): number {
    return this.#fillerBytesOut;
  }

  get stopAudioSent(): number {
    return this.#stopAudioSent;
  }

  /** When all that was sent will have been played. */
  get endMs(): number {
    return this.#ledger.endMs;
  }

  queuedMs(nowMs: number): number {
    return this.#ledger.queuedMs(nowMs);
  }

  /** Milliseconds of audio heard since `beginCount`. */
  heardMs(nowMs: number): number {
    return this.#ledger.heardMs(nowMs);
  }

  beginCount(nowMs: number): void {
    this.#ledger.beginCount(nowMs);
  }

  /** Sends audio, with the filler before it where asked, in one message if it is no longer than a message may be. */
  play(pcm: Uint8Array, withFiller: boolean, nowMs: number): void {
    if (withFiller) this.#ledger.sent(this.#filler, 'filler', nowMs);
    this.#ledger.sent(pcm, 'audio', nowMs);
    const audio = withFiller ? Buffer.concat([this.#filler, pcm]) : pcm;
    const step = msToBytes(this.#format, MAX_MESSAGE_MS);
    for (let at = 0; at < audio.byteLength; at += step) {
      this.#socket.send(formatAudioData(audio.subarray(at, at + step)));
    }
    this.#bytesOut += audio.byteLength;
    if (withFiller) this.#fillerBytesOut += this.#filler.byteLength;
    this.#isEmptied = false;
  }

  /** Empties what the other side has queued. Answers the audio that is not going to be heard. */
  stop(nowMs: number): readonly Uint8Array[] {
    this.#socket.send(formatStopAudio());
    this.#stopAudioSent += 1;
    this.#isEmptied = true;
    return this.#ledger.stopped(nowMs).pieces;
  }
}
