import type { Phone } from '../../../phone/phone.ts';

/** A place for a phone, in which another one can be put while media runs: neither what is above it nor the phone notices. */
export class PhoneSlot implements Phone {
  readonly rawId: string;
  #phone: Phone;
  /** Undefined while no media runs. */
  #sampleRateHz: number | undefined;

  constructor(phone: Phone) {
    this.#phone = phone;
    this.rawId = phone.rawId;
  }

  get phone(): Phone {
    return this.#phone;
  }

  get othersElsewhere(): boolean | undefined {
    return this.#phone.othersElsewhere;
  }

  /** Another phone from now on. To the one that is taken out, media has stopped. */
  replace(phone: Phone): void {
    if (this.#sampleRateHz !== undefined) this.#phone.mediaStopped();
    this.#phone = phone;
    if (this.#sampleRateHz !== undefined) phone.mediaStarted(this.#sampleRateHz);
  }

  mediaStarted(sampleRateHz: number): void {
    this.#sampleRateHz = sampleRateHz;
    this.#phone.mediaStarted(sampleRateHz);
  }

  speak(): Int16Array | undefined {
    return this.#phone.speak();
  }

  hear(samples: Int16Array, fromApplication: number): void {
    this.#phone.hear(samples, fromApplication);
  }

  hearKey(key: string): void {
    this.#phone.hearKey?.(key);
  }

  mediaStopped(): void {
    this.#sampleRateHz = undefined;
    this.#phone.mediaStopped();
  }

  ended(reason: string): void {
    this.#phone.ended(reason);
  }
}
