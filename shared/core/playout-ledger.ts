import { AUDIO_FORMATS, type AudioFormat, BYTES_PER_SAMPLE, bytesToMs } from './audio-format.ts';
import { PlayoutClock } from './playout-clock.ts';

/** `filler`: silence that was put ahead of audio. It takes time, but it is not something that was said. */
export type PlayoutKind = 'audio' | 'filler';

interface Piece {
  readonly pcm: Uint8Array;
  readonly kind: PlayoutKind;
}

/** Audio that was taken back before it was heard. */
export interface Unheard {
  /** What was not heard, in order, from the first sample that was not played. Filler is left out. */
  readonly pieces: readonly Uint8Array[];
  /** Filler included. */
  readonly ms: number;
}

/**
 * What the other side was given and what of it has been heard by now, to the sample of the estimate that `PlayoutClock` makes.
 * What may still be waiting there is kept, so that it can be played again after it was taken back (StopAudio).
 * Holds no more than was sent ahead of its time. PCM16 in one format; the arrays are kept, not copied.
 */
export class PlayoutLedger {
  readonly #format: AudioFormat;
  readonly #clock = new PlayoutClock();
  /** Not yet played to their end, the oldest first. */
  #pieces: Piece[] = [];
  /** Bytes of the first piece that were played. */
  #offset = 0;
  #queuedBytes = 0;
  #heardBytes = 0;

  constructor(format: AudioFormat) {
    this.#format = format;
  }

  /** When everything that was sent will have been played; in the past when it has been. */
  get endMs(): number {
    return this.#clock.endMs;
  }

  queuedMs(nowMs: number): number {
    return this.#clock.queuedMs(nowMs);
  }

  /** `pcm` was sent: it is played after what waits already. */
  sent(pcm: Uint8Array, kind: PlayoutKind, nowMs: number): void {
    this.#advance(nowMs);
    this.#clock.sent(bytesToMs(this.#format, pcm.byteLength), nowMs);
    this.#pieces.push({ pcm, kind });
    this.#queuedBytes += pcm.byteLength;
  }

  /** Milliseconds of audio heard since `beginCount`, filler not among them. */
  heardMs(nowMs: number): number {
    this.#advance(nowMs);
    return bytesToMs(this.#format, this.#heardBytes);
  }

  /** Audio is counted as heard from here on. */
  beginCount(nowMs: number): void {
    this.#advance(nowMs);
    this.#heardBytes = 0;
  }

  /** Everything that waits is taken back. */
  stopped(nowMs: number): Unheard {
    this.#advance(nowMs);
    const pieces = this.#pieces
      .map(({ pcm, kind }, i) => ({ pcm: i === 0 ? pcm.subarray(this.#offset) : pcm, kind }))
      .filter(({ kind }) => kind === 'audio')
      .map(({ pcm }) => pcm);
    const ms = bytesToMs(this.#format, this.#queuedBytes);
    this.#clock.stopped(nowMs);
    this.#pieces = [];
    this.#offset = 0;
    this.#queuedBytes = 0;
    return { pieces, ms };
  }

  /** Moves on to what is being played at `nowMs`. */
  #advance(nowMs: number): void {
    const queuedSamples = Math.round(
      (this.queuedMs(nowMs) * AUDIO_FORMATS[this.#format].sampleRateHz) / 1000,
    );
    let played = this.#queuedBytes - Math.min(this.#queuedBytes, queuedSamples * BYTES_PER_SAMPLE);
    this.#queuedBytes -= played;
    let first = this.#pieces[0];
    while (played > 0 && first !== undefined) {
      const part = Math.min(played, first.pcm.byteLength - this.#offset);
      if (first.kind === 'audio') this.#heardBytes += part;
      played -= part;
      this.#offset += part;
      if (this.#offset < first.pcm.byteLength) return;
      this.#pieces.shift();
      this.#offset = 0;
      first = this.#pieces[0];
    }
  }
}
