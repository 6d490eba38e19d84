/**
 * The audio that ACS has been given, and how much of it has been heard by now. ACS plays audio in real time from the
 * moment it gets it, but reports neither a position nor an end. So this is an estimate, to the sample, that leaves
 * out the network's delay. Pure: time is a parameter.
 *
 * The window keeps a copy of what may still wait there, so that a worker's audio can be played again after StopAudio.
 * It holds no more than the scheduler sends ahead of its time. The copies share memory that is used again: to hold
 * the worker's own arrays for so long would make garbage expensive to collect.
 */
import {
  AUDIO_FORMATS,
  type AudioFormat,
  BYTES_PER_SAMPLE,
  bytesToMs,
} from '../../shared/audio/audio-format.ts';
import { ByteRing } from '../audio/byte-ring.ts';

/** `filler`: silence ahead of audio. It takes time, but nobody said it. */
type PlayoutKind = 'audio' | 'filler';

/** A stretch of one kind, in the order of playing. */
interface Stretch {
  readonly kind: PlayoutKind;
  bytes: number;
}

/** Audio that was taken back before it was heard. */
interface Unheard {
  /** The audio in order, from the first sample that was not played. Leaves out filler. */
  readonly pieces: readonly Uint8Array[];
  /** Includes filler. */
  readonly ms: number;
}

export class PlayoutWindow {
  readonly #format: AudioFormat;
  /** Not yet played to its end, the oldest first. */
  #stretches: Stretch[] = [];
  readonly #audio = new ByteRing();
  #endMs = Number.NEGATIVE_INFINITY;
  #queuedBytes = 0;
  #heardBytes = 0;
  #mayHoldAudio = false;
  #bytesOut = 0;
  #fillerBytesOut = 0;

  constructor(format: AudioFormat) {
    this.#format = format;
  }

  /** When ACS will have played everything; in the past when it has. */
  get endMs(): number {
    return this.#endMs;
  }

  /**
   * False when nothing was sent since the last StopAudio. While true, ACS may hold audio, whatever the estimate says.
   */
  get mayHoldAudio(): boolean {
    return this.#mayHoldAudio;
  }

  /** Everything that was ever sent, filler included. */
  get bytesOut(): number {
    return this.#bytesOut;
  }

  /** The filler in it. */
  get fillerBytesOut(): number {
    return this.#fillerBytesOut;
  }

  /** Milliseconds of audio that are sent and not yet played. */
  queuedMs(nowMs: number): number {
    return Math.max(0, this.#endMs - nowMs);
  }

  /** ACS was given PCM16: it plays it after what waits already. */
  sent(pcm: Uint8Array, kind: PlayoutKind, nowMs: number): void {
    const bytes = pcm.byteLength;
    this.#advance(nowMs);
    this.#endMs = Math.max(nowMs, this.#endMs) + bytesToMs(this.#format, bytes);
    const last = this.#stretches.at(-1);
    if (last?.kind === kind) last.bytes += bytes;
    else if (bytes > 0) this.#stretches.push({ kind, bytes });
    if (kind === 'audio') this.#audio.push(pcm);
    else this.#fillerBytesOut += bytes;
    this.#queuedBytes += bytes;
    this.#bytesOut += bytes;
    this.#mayHoldAudio = true;
  }

  /** Milliseconds of audio heard since `beginCount`, without filler. */
  heardMs(nowMs: number): number {
    this.#advance(nowMs);
    return bytesToMs(this.#format, this.#heardBytes);
  }

  /** Counts audio as heard from here on. */
  beginCount(nowMs: number): void {
    this.#advance(nowMs);
    this.#heardBytes = 0;
  }

  /** ACS dropped everything that waited (StopAudio). */
  stopped(nowMs: number): Unheard {
    this.#advance(nowMs);
    const audio = this.#audio.takeAll();
    const ms = bytesToMs(this.#format, this.#queuedBytes);
    this.#endMs = Number.NEGATIVE_INFINITY;
    this.#stretches = [];
    this.#queuedBytes = 0;
    this.#mayHoldAudio = false;
    return { pieces: audio.byteLength === 0 ? [] : [audio], ms };
  }

  /** Forgets what is played by `nowMs`. */
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
