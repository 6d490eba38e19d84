import type { Audio } from '../../shared/audio/wav.ts';
import { ConvertedSpeech } from './converted-speech.ts';
import { isSilentLevel, rms } from './level.ts';
import { PHONE_FRAME_MS, samplesPerFrame, wholeFrame } from './phone.ts';
import { Recording } from './recording.ts';
import { MAX_RECORDED_MS, RecordingPhone } from './recording-phone.ts';

/** Why a phone hangs up by itself: nothing was heard for `tailMs` after its speech, or `maxMs` are over. */
type HangUpReason = 'silence' | 'maxDuration';

interface WavPhoneOptions {
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

/** A phone that plays a recording and records what it hears. */
export class WavPhone extends RecordingPhone {
  readonly #options: WavPhoneOptions;
  readonly #fromApplication = new Recording(MAX_RECORDED_MS / PHONE_FRAME_MS);
  #speech: ConvertedSpeech | undefined;
  #frameSamples = 0;
  #speaking = false;
  #silentFrames = 0;
  #endedReason: string | undefined;

  /** @throws RangeError for a negative or non-finite time */
  constructor(options: WavPhoneOptions) {
    for (const name of ['tailMs', 'maxMs'] as const)
      if (!Number.isFinite(options[name]) || options[name] < 0)
        throw new RangeError(`${name} must be zero or more milliseconds, not ${options[name]}`);
    super(options);
    this.#options = options;
  }

  override hear(samples: Int16Array, fromApplication: number): void {
    super.hear(samples, fromApplication);
    this.#fromApplication.appendOne(fromApplication);
    const { tailMs } = this.#options;
    const silent = !this.#speaking && isSilentLevel(rms(samples));
    this.#silentFrames = silent ? this.#silentFrames + 1 : 0;
    if (this.isOverdue) this.hangUpOnce(() => this.#options.onHangUp('maxDuration'));
    else if (!this.#speaking && this.#silentFrames * PHONE_FRAME_MS >= tailMs)
      this.hangUpOnce(() => this.#options.onHangUp('silence'));
  }

  ended(reason: string): void {
    this.#endedReason ??= reason;
  }

  /** For each frame heard, the number of samples at its start that came from the application. */
  fromApplicationPerFrame(): Uint16Array {
    return Uint16Array.from(this.#fromApplication.toSamples());
  }

  /** Only those samples, one after the other: exactly what the application sent, in a call with one phone. */
  heardFromApplication(): Int16Array {
    const heard = this.heard();
    const counts = this.fromApplicationPerFrame();
    const all = new Int16Array(counts.reduce((sum, count) => sum + count, 0));
    let length = 0;
    for (const [frame, count] of counts.entries()) {
      const start = frame * this.#frameSamples;
      const piece = heard.subarray(start, start + count);
      all.set(piece, length);
      length += piece.length;
    }
    return all.subarray(0, length);
  }

  /** Samples of speech left to say, at the rate of the recordings (of the speech, until media has started). */
  remainingSpeechSamples(): number {
    return this.#speech?.remaining ?? this.#options.speech?.samples.length ?? 0;
  }

  /** Why the call ended; undefined while it lasts. */
  endedReason(): string | undefined {
    return this.#endedReason;
  }

  protected begin(sampleRateHz: number): void {
    const { speech = { samples: new Int16Array(), sampleRateHz } } = this.#options;
    this.#frameSamples = samplesPerFrame(sampleRateHz);
    this.#speech = new ConvertedSpeech(speech, sampleRateHz);
  }

  /** A view of the speech while it lasts, which saves a copy; read-only. */
  protected nextFrame(): Int16Array | undefined {
    const speech = this.#speech;
    this.#speaking = speech !== undefined && speech.remaining > 0;
    if (speech === undefined || !this.#speaking) return undefined;
    return wholeFrame(speech.read(this.#frameSamples), this.#frameSamples);
  }
}
