/**
 * Finds where a frame lies in the stream, in samples since the stream's start. Frames of a participant follow one
 * another, whatever the jitter of the network. There is a gap only where the service's own timestamps say that audio
 * is missing, or where a frame could not be used.
 */
import { AUDIO_FORMATS, type AudioFormat } from '../../shared/audio/audio-format.ts';

/** Only timestamps that are further ahead of the audio than this mean a gap. */
const GAP_TOLERANCE_MS = 200;
/** A longer jump means that somebody set the service's clock, not a gap. */
const LONGEST_GAP_MS = 60_000;

export class StreamTimeline {
  readonly #frameSamples: number;
  readonly #samplesPerMs: number;
  /** The end of each participant's audio. */
  readonly #ends = new Map<number, number>();
  /** The service's time of sample 0. */
  #originMs: number | undefined;
  #position = 0;

  constructor(format: AudioFormat) {
    this.#frameSamples = AUDIO_FORMATS[format].frameSamples;
    this.#samplesPerMs = AUDIO_FORMATS[format].sampleRateHz / 1000;
  }

  /** The place of the next frame of this participant. `capturedAtMs`: the service's timestamp, if the frame had one. */
  place(ssrc: number, capturedAtMs: number | undefined): number {
    const expected = this.#ends.get(ssrc);
    const start = this.#start(expected, capturedAtMs);
    const end = start + this.#frameSamples;
    this.#ends.set(ssrc, end);
    this.#position = Math.max(this.#position, end);
    return start;
  }

  #start(expected: number | undefined, capturedAtMs: number | undefined): number {
    // A participant's first frame belongs to the same moment as the newest frame of the others.
    const fallback = expected ?? Math.max(0, this.#position - this.#frameSamples);
    if (capturedAtMs === undefined) return fallback;
    this.#originMs ??= capturedAtMs - fallback / this.#samplesPerMs;
    const captured = this.#toFrame((capturedAtMs - this.#originMs) * this.#samplesPerMs);
    const aheadMs = (captured - fallback) / this.#samplesPerMs;
    if (Math.abs(aheadMs) > LONGEST_GAP_MS) {
      this.#originMs = capturedAtMs - fallback / this.#samplesPerMs;
      return fallback;
    }
    return aheadMs > GAP_TOLERANCE_MS ? captured : fallback;
  }

  #toFrame(samples: number): number {
    return Math.floor(samples / this.#frameSamples) * this.#frameSamples;
  }
}
