import type { Audio } from '../../shared/audio/wav.ts';
import { ConvertedSpeech } from './converted-speech.ts';
import { isSilentLevel, rms } from './level.ts';
import { PHONE_FRAME_MS, type Phone, samplesPerFrame, wholeFrame } from './phone.ts';
import { Recording } from './recording.ts';

/** Why a phone hangs up by itself: nothing was heard for `tailMs` after its speech, or `maxMs` are over. */
export type HangUpReason = 'silence' | 'maxDuration';

export interface WavPhoneOptions {
  /** The participant's raw id, such as `4:+14255550123`. */
  readonly rawId: string;
  /** What is said, once, from the first frame on; nothing where absent. */
  readonly speech?: Audio | undefined;
  /** How long it listens to silence, after it has said everything, before it hangs up. Zero or more. */
  readonly tailMs: number;
  /** How long it stays at most, in milliseconds of streamed media. */
  readonly maxMs: number;
  /** Called once, within `hear`. The phone only asks: it goes on listening until the call is over. */
  onHangUp(reason: HangUpReason): void;
}

/**
 * A phone that plays a recording and records what it hears. Its recordings share one time axis, which advances while
 * media is streamed: sample n of what was said left the phone in the same frame as sample n of what was heard came in.
 */
export interface WavPhone extends Phone {
  /** Sample rate of the recordings in Hz; undefined until media has started. */
  readonly sampleRateHz: number | undefined;
  /** Everything said: the speech, and silence since. */
  said(): Int16Array;
  /** Everything heard, silence included. */
  heard(): Int16Array;
}

/** Longest recording that is kept in memory, in milliseconds; 58 MB a direction at 24 kHz. */
export const MAX_RECORDED_MS = 20 * 60_000;

/** Creates a phone. Throws RangeError for a negative or non-finite time. */
export function createWavPhone(options: WavPhoneOptions): WavPhone {
  for (const name of ['tailMs', 'maxMs'] as const) {
    if (!Number.isFinite(options[name]) || options[name] < 0) {
      throw new RangeError(`${name} must be zero or more milliseconds, not ${options[name]}`);
    }
  }
  return new RecordingPhone(options);
}

/** What exists once the sample rate is known. */
interface Tape {
  readonly sampleRateHz: number;
  readonly speech: ConvertedSpeech;
  readonly silence: Int16Array;
  readonly said: Recording;
  readonly heard: Recording;
}

class RecordingPhone implements WavPhone {
  readonly rawId: string;
  readonly #options: WavPhoneOptions;
  #tape: Tape | undefined;
  #speaking = false;
  #silentFrames = 0;
  #frames = 0;
  #askedToHangUp = false;

  constructor(options: WavPhoneOptions) {
    this.rawId = options.rawId;
    this.#options = options;
  }

  get sampleRateHz(): number | undefined {
    return this.#tape?.sampleRateHz;
  }

  /** Media that starts again goes on where it stopped. Throws RangeError when it comes back at another rate. */
  mediaStarted(sampleRateHz: number): void {
    if (this.#tape === undefined) {
      this.#tape = blankTape(this.#options, sampleRateHz);
    } else if (this.#tape.sampleRateHz !== sampleRateHz) {
      throw new RangeError(
        `the media of a call cannot change from ${this.#tape.sampleRateHz} Hz to ${sampleRateHz} Hz`,
      );
    }
  }

  speak(): Int16Array | undefined {
    const tape = this.#started();
    this.#speaking = tape.speech.remaining > 0;
    const frame = this.#nextFrame(tape);
    tape.said.append(frame);
    return this.#speaking ? frame : undefined;
  }

  /** A view of the speech while it lasts, which saves a copy; read-only. */
  #nextFrame({ speech, silence }: Tape): Int16Array {
    if (!this.#speaking) return silence;
    return wholeFrame(speech.read(silence.length), silence.length);
  }

  hear(samples: Int16Array): void {
    const tape = this.#started();
    tape.heard.append(samples);
    this.#frames += 1;
    const silent = !this.#speaking && isSilentLevel(rms(samples));
    this.#silentFrames = silent ? this.#silentFrames + 1 : 0;
    if (this.#frames * PHONE_FRAME_MS >= this.#options.maxMs) this.#hangUp('maxDuration');
    else if (!this.#speaking && this.#silentFrames * PHONE_FRAME_MS >= this.#options.tailMs) {
      this.#hangUp('silence');
    }
  }

  mediaStopped(): void {}

  ended(): void {}

  said(): Int16Array {
    return this.#tape?.said.toSamples() ?? new Int16Array();
  }

  heard(): Int16Array {
    return this.#tape?.heard.toSamples() ?? new Int16Array();
  }

  #started(): Tape {
    if (this.#tape === undefined) throw new Error('a phone speaks and hears only after mediaStarted');
    return this.#tape;
  }

  #hangUp(reason: HangUpReason): void {
    if (this.#askedToHangUp) return;
    this.#askedToHangUp = true;
    this.#options.onHangUp(reason);
  }
}

function blankTape({ speech }: WavPhoneOptions, sampleRateHz: number): Tape {
  const maxSamples = (sampleRateHz * MAX_RECORDED_MS) / 1000;
  return {
    sampleRateHz,
    speech: new ConvertedSpeech(speech ?? { samples: new Int16Array(), sampleRateHz }, sampleRateHz),
    silence: new Int16Array(samplesPerFrame(sampleRateHz)),
    said: new Recording(maxSamples),
    heard: new Recording(maxSamples),
  };
}
