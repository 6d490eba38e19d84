import { dbfs, rms } from '../../phone/level.ts';
import type { Phone } from '../../phone/phone.ts';
import type { Clock } from '../../process/clock.ts';
import { GapMeter } from './gap-meter.ts';

/** Keys of one call that are remembered. */
const MAX_KEYS_HEARD = 256;

/** Weight of the newest 20 ms, so that a level follows the last quarter of a second. */
const NEWEST_WEIGHT = 20 / 250;

export interface PhoneMeter {
  readonly sampleRateHz: number | undefined;
  /** Level of what the person says and hears, in dBFS (RMS over about 250 ms), as `local/phone/level.ts` has it. */
  levels(): { readonly saidDbfs: number; readonly heardDbfs: number };
  /** When media streaming first began. */
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

/** Passes everything on to a phone and measures what goes by. */
export class MeteredPhone implements Phone, PhoneMeter {
  readonly rawId: string;
  /** Gone after the end of the call, so that a finished call does not keep its audio in memory. */
  #phone: Phone | undefined;
  readonly #clock: Clock;
  readonly #gaps = new GapMeter();
  #said = 0;
  #heard = 0;
  #sampleRateHz: number | undefined;
  #mediaStartedAtMs: number | undefined;
  #firstAudioAtMs: number | undefined;
  #keysHeard = '';

  constructor(phone: Phone, clock: Clock) {
    this.#phone = phone;
    this.#clock = clock;
    this.rawId = phone.rawId;
  }

  get sampleRateHz(): number | undefined {
    return this.#sampleRateHz;
  }

  get mediaStartedAtMs(): number | undefined {
    return this.#mediaStartedAtMs;
  }

  get firstAudioAtMs(): number | undefined {
    return this.#firstAudioAtMs;
  }

  get keysHeard(): string {
    return this.#keysHeard;
  }

  get longestGapMs(): number {
    return this.#sampleRateHz === undefined ? 0 : (this.#gaps.longestSamples / this.#sampleRateHz) * 1_000;
  }

  get gapsMs(): number {
    return this.#sampleRateHz === undefined ? 0 : (this.#gaps.allSamples / this.#sampleRateHz) * 1_000;
  }

  levels(): { saidDbfs: number; heardDbfs: number } {
    return { saidDbfs: toDbfs(this.#said), heardDbfs: toDbfs(this.#heard) };
  }

  get othersElsewhere(): boolean | undefined {
    return this.#phone?.othersElsewhere;
  }

  mediaStarted(sampleRateHz: number): void {
    this.#sampleRateHz = sampleRateHz;
    this.#mediaStartedAtMs ??= this.#clock.now();
    this.#phone?.mediaStarted(sampleRateHz);
  }

  speak(): Int16Array | undefined {
    const samples = this.#phone?.speak();
    this.#said = follow(this.#said, samples);
    return samples;
  }

  hear(samples: Int16Array, fromApplication: number): void {
    if (fromApplication > 0) this.#firstAudioAtMs ??= this.#clock.now();
    this.#heard = follow(this.#heard, samples);
    this.#gaps.add(samples.length, fromApplication);
    this.#phone?.hear(samples, fromApplication);
  }

  hearKey(key: string): void {
    this.#keysHeard = (this.#keysHeard + key).slice(-MAX_KEYS_HEARD);
    this.#phone?.hearKey?.(key);
  }

  mediaStopped(): void {
    this.#said = 0;
    this.#heard = 0;
    this.#phone?.mediaStopped();
  }

  ended(reason: string): void {
    this.#phone?.ended(reason);
    this.#phone = undefined;
  }
}

function follow(meanSquare: number, samples: Int16Array | undefined): number {
  const newest = samples === undefined ? 0 : rms(samples) ** 2;
  return meanSquare + NEWEST_WEIGHT * (newest - meanSquare);
}

function toDbfs(meanSquare: number): number {
  return Math.round(10 * dbfs(Math.sqrt(meanSquare))) / 10;
}
