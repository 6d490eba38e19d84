import { dbfs, rms } from '../../../phone/level.ts';
import type { Phone } from '../../../phone/phone.ts';
import { PhoneDecorator } from '../../../phone/phone-decorator.ts';
import type { Clock } from '../../common/clock.ts';

/** Keys of one call that are remembered. */
const MAX_KEYS_HEARD = 256;

/** Weight of the newest 20 ms, so that a level follows the last quarter of a second. */
const NEWEST_WEIGHT = 20 / 250;

export interface PhoneMeter {
  readonly sampleRateHz: number | undefined;
  /** Level of what the person says and hears, in dBFS (RMS over about 250 ms), as `local/phone/level.ts` has it. */
  levels(): { readonly saidDbfs: number; readonly heardDbfs: number };
  /** When it first spoke and heard. */
  readonly mediaStartedAtMs: number | undefined;
  /** When the person first heard a sample that the application had sent. */
  readonly firstAudioAtMs: number | undefined;
  /** The longest hole between the first and the last audio of the application that the person heard. */
  readonly longestGapMs: number;
  /** All such holes together. */
  readonly gapsMs: number;
  /** Keys that the application sent to the person, in order; the newest of them. */
  readonly keysHeard: string;
}

/** Where no phone was reached. */
export const NO_PHONE_METER: PhoneMeter = {
  sampleRateHz: undefined,
  levels: () => ({ saidDbfs: toDbfs(0), heardDbfs: toDbfs(0) }),
  mediaStartedAtMs: undefined,
  firstAudioAtMs: undefined,
  longestGapMs: 0,
  gapsMs: 0,
  keysHeard: '',
};

/**
 * The longest hole in what a person hears of an application: samples between its first audio and its last for which it
 * had sent none.
 */
export class GapMeter {
  #begun = false;
  #gapSamples = 0;
  #longestSamples = 0;
  #allSamples = 0;

  /** One frame of which the first `fromApplication` samples were sent by the application. */
  add(samples: number, fromApplication: number): void {
    if (fromApplication > 0) {
      // A hole counts once it is over: silence after the last audio is no hole.
      if (this.#begun) {
        this.#longestSamples = Math.max(this.#longestSamples, this.#gapSamples);
        this.#allSamples += this.#gapSamples;
      }
      this.#begun = true;
      this.#gapSamples = 0;
    }
    this.#gapSamples += samples - fromApplication;
  }

  get longestSamples(): number {
    return this.#longestSamples;
  }

  /** All holes together. */
  get allSamples(): number {
    return this.#allSamples;
  }
}

/** Passes everything on to a phone and measures what goes by. */
export class MeteredPhone extends PhoneDecorator implements PhoneMeter {
  sampleRateHz: number | undefined;
  mediaStartedAtMs: number | undefined;
  firstAudioAtMs: number | undefined;
  keysHeard = '';
  readonly #clock: Clock;
  readonly #gaps = new GapMeter();
  #said = 0;
  #heard = 0;

  constructor(phone: Phone, clock: Clock) {
    super(phone);
    this.#clock = clock;
  }

  get longestGapMs(): number {
    return this.sampleRateHz === undefined ? 0 : (this.#gaps.longestSamples / this.sampleRateHz) * 1_000;
  }

  get gapsMs(): number {
    return this.sampleRateHz === undefined ? 0 : (this.#gaps.allSamples / this.sampleRateHz) * 1_000;
  }

  levels(): { saidDbfs: number; heardDbfs: number } {
    return { saidDbfs: toDbfs(this.#said), heardDbfs: toDbfs(this.#heard) };
  }

  override mediaStarted(sampleRateHz: number): void {
    this.sampleRateHz = sampleRateHz;
    this.mediaStartedAtMs ??= this.#clock.now();
    super.mediaStarted(sampleRateHz);
  }

  override speak(): Int16Array | undefined {
    const samples = super.speak();
    this.#said = follow(this.#said, samples);
    return samples;
  }

  override hear(samples: Int16Array, fromApplication: number): void {
    if (fromApplication > 0) this.firstAudioAtMs ??= this.#clock.now();
    this.#heard = follow(this.#heard, samples);
    this.#gaps.add(samples.length, fromApplication);
    super.hear(samples, fromApplication);
  }

  override hearKey(key: string): void {
    this.keysHeard = (this.keysHeard + key).slice(-MAX_KEYS_HEARD);
    super.hearKey(key);
  }

  override mediaStopped(): void {
    this.#said = 0;
    this.#heard = 0;
    super.mediaStopped();
  }
}

function follow(meanSquare: number, samples: Int16Array | undefined): number {
  const newest = samples === undefined ? 0 : rms(samples) ** 2;
  return meanSquare + NEWEST_WEIGHT * (newest - meanSquare);
}

function toDbfs(meanSquare: number): number {
  return Math.round(10 * dbfs(Math.sqrt(meanSquare))) / 10;
}
