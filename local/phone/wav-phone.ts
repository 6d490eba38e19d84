import type { Audio } from '../../shared/audio/wav.ts';
import { ConvertedSpeech } from './converted-speech.ts';
import { isSilentLevel, rms } from './level.ts';
import { PHONE_FRAME_MS, samplesPerFrame, wholeFrame } from './phone.ts';
import { RecordingPhone } from './recording-phone.ts';

/** Why a phone hangs up by itself: nothing was heard for `tailMs` after its speech, or `maxMs` are over. */
type HangUpReason = 'silence' | 'maxDuration';

interface WavPhoneOptions {
  /** The participant's raw id, such as `4:+14255550123`. */
  readonly rawId: string;
  /** What is said, once, from the first frame on; nothing where absent. */
  readonly speech?: Audio | undefined;
  /** How long it listens to silence, after it has said everything, before it hangs up. Zero or more. */
  readonly tailMs: number;
  /** How long it stays at most, in milliseconds on the call. */
  readonly maxMs: number;
  /** Called once, within `hear`. The phone only asks: it goes on listening until the call is over. */
  onHangUp(reason: HangUpReason): void;
}

/** A phone that plays a recording and records what it hears. */
export class WavPhone extends RecordingPhone {
  readonly #options: WavPhoneOptions;
  #speech: ConvertedSpeech | undefined;
  #frameSamples = 0;
  #speaking = false;
  #silentFrames = 0;

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
    const { tailMs } = this.#options;
    const silent = !this.#speaking && isSilentLevel(rms(samples));
    this.#silentFrames = silent ? this.#silentFrames + 1 : 0;
    if (this.isOverdue) this.hangUpOnce(() => this.#options.onHangUp('maxDuration'));
    else if (!this.#speaking && this.#silentFrames * PHONE_FRAME_MS >= tailMs)
      this.hangUpOnce(() => this.#options.onHangUp('silence'));
  }

  ended(): void {}

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
