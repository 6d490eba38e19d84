import { FrameConverter } from './frame-converter.ts';
import { type Phone, samplesPerFrame } from './phone.ts';

/**
 * A telephone that comes to a call of another rate: it goes on at its own, and what it says and hears is converted, a frame later.
 * Keys and its end reach it as they are.
 */
export class SteadyRatePhone implements Phone {
  readonly rawId: string;
  readonly othersElsewhere: boolean | undefined;
  readonly #phone: Phone;
  readonly #ownHz: number;
  #said: FrameConverter;
  #heard: FrameConverter;
  #callHz: number;

  constructor(phone: Phone, ownHz: number) {
    this.rawId = phone.rawId;
    this.othersElsewhere = phone.othersElsewhere;
    this.#phone = phone;
    this.#ownHz = ownHz;
    this.#callHz = ownHz;
    this.#said = new FrameConverter(ownHz, ownHz);
    this.#heard = new FrameConverter(ownHz, ownHz);
  }

  mediaStarted(sampleRateHz: number): void {
    this.#callHz = sampleRateHz;
    this.#said = new FrameConverter(this.#ownHz, sampleRateHz);
    this.#heard = new FrameConverter(sampleRateHz, this.#ownHz);
    this.#phone.mediaStarted(this.#ownHz);
  }

  speak(): Int16Array | undefined {
    const samples = this.#phone.speak();
    if (samples !== undefined || this.#ownHz === this.#callHz) {
      return samples === undefined ? undefined : this.#said.convert(samples);
    }
    // The end of what was said is still on its way.
    return this.#said.convert(new Int16Array(samplesPerFrame(this.#ownHz)));
  }

  hear(samples: Int16Array, fromApplication: number): void {
    const ratio = this.#ownHz / this.#callHz;
    this.#phone.hear(this.#heard.convert(samples), Math.round(fromApplication * ratio));
  }

  hearKey(key: string): void {
    this.#phone.hearKey?.(key);
  }

  mediaStopped(): void {
    this.#phone.mediaStopped();
  }

  ended(reason: string): void {
    this.#phone.ended(reason);
  }
}
