import {
  AUDIO_FORMATS,
  type AudioFormat,
  BYTES_PER_SAMPLE,
  bytesToMs,
} from '../../shared/audio/audio-format.ts';
import { ByteRing } from '../audio/byte-ring.ts';
import { PlayoutClock } from './playout-clock.ts';

/** `filler`: silence that was put ahead of audio. It takes time, but it is not something that was said. */
export type PlayoutKind = 'audio' | 'filler';

/** A stretch of one kind, in the order of playing. */
interface Stretch {
  readonly kind: PlayoutKind;
  bytes: number;
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
 * Holds no more than was sent ahead of its time. PCM16 in one format; audio is copied, into memory that is used again: what a worker sent would
 * otherwise be held for just as long as makes garbage expensive to collect.
 */
export class PlayoutWindow {
  readonly #format: AudioFormat;
  readonly #clock = new PlayoutClock();
  /** Not yet played to its end, the oldest first. */
  #stretches: Stretch[] = [];
  readonly #audio = new ByteRing();
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
    const last = this.#stretches.at(-1);
    if (last?.kind === kind) last.bytes += pcm.byteLength;
    else if (pcm.byteLength > 0) this.#stretches.push({ kind, bytes: pcm.byteLength });
    if (kind === 'audio') this.#audio.push(pcm);
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
    const audio = this.#audio.takeAll();
    const ms = bytesToMs(this.#format, this.#queuedBytes);
    this.#clock.stopped(nowMs);
    this.#stretches = [];
    this.#queuedBytes = 0;
    return { pieces: audio.byteLength === 0 ? [] : [audio], ms };
  }

  /** Moves on to what is being played at `nowMs`. */
  #advance(nowMs: number): void {
    const queuedSamples = Math.round(
      (this.queuedMs(nowMs) * AUDIO_FORMATS[this.#format].sampleRateHz) / 1000,
    );
    let played = this.#queuedBytes - Math.min(this.#queuedBytes, queuedSamples * BYTES_PER_SAMPLE);
    this.#queuedBytes -= played;
    for (let first = this.#stretches[0]; played > 0 && first !== undefined; first = this.#stretches[0]) {
      const part = Math.min(played, first.bytes);
      if (first.kind === 'audio') {
        this.#heardBytes += part;
        this.#audio.drop(part);
      }
      played -= part;
      first.bytes -= part;
      if (first.bytes === 0) this.#stretches.shift();
    }
  }
}
