import type { Phone } from '../../../phone/phone.ts';
import { PhoneDecorator } from '../../../phone/phone-decorator.ts';

/** A place for a phone that can be exchanged while media runs: neither what is above it nor the phones notice. */
export class PhoneSlot extends PhoneDecorator {
  /** Undefined while no media runs. */
  #sampleRateHz: number | undefined;

  get current(): Phone | undefined {
    return this.phone;
  }

  /** Another phone from now on. For the one that is taken out, media stops. */
  replace(phone: Phone): void {
    if (this.#sampleRateHz !== undefined) this.phone?.mediaStopped();
    this.phone = phone;
    if (this.#sampleRateHz !== undefined) phone.mediaStarted(this.#sampleRateHz);
  }

  override mediaStarted(sampleRateHz: number): void {
    this.#sampleRateHz = sampleRateHz;
    super.mediaStarted(sampleRateHz);
  }

  override mediaStopped(): void {
    this.#sampleRateHz = undefined;
    super.mediaStopped();
  }
}

/**
 * A phone behind the service's mute and hold: muted, nobody hears it; on hold, nobody hears it and it hears silence.
 * Its own speech goes on meanwhile, as a person's would.
 */
export class GatedPhone extends PhoneDecorator {
  muted = false;
  onHold = false;

  override speak(): Int16Array | undefined {
    const samples = super.speak();
    return this.muted || this.onHold ? undefined : samples;
  }

  override hear(samples: Int16Array, fromApplication: number): void {
    if (this.onHold) super.hear(new Int16Array(samples.length), 0);
    else super.hear(samples, fromApplication);
  }
}
