import type { Phone } from '../../phone/phone.ts';

/**
 * A phone behind the service's mute and hold: muted, nobody hears it; on hold, nobody hears it and it hears silence.
 * Its own speech goes on meanwhile, as a person's would. `ended` reaches it once.
 */
export class GatedPhone implements Phone {
  readonly rawId: string;
  muted = false;
  onHold = false;
  readonly #phone: Phone;
  #over = false;

  constructor(phone: Phone) {
    this.#phone = phone;
    this.rawId = phone.rawId;
  }

  mediaStarted(sampleRateHz: number): void {
    this.#phone.mediaStarted(sampleRateHz);
  }

  speak(): Int16Array | undefined {
    const samples = this.#phone.speak();
    return this.muted || this.onHold ? undefined : samples;
  }

  hear(samples: Int16Array, fromApplication: number): void {
    if (this.onHold) this.#phone.hear(new Int16Array(samples.length), 0);
    else this.#phone.hear(samples, fromApplication);
  }

  mediaStopped(): void {
    this.#phone.mediaStopped();
  }

  ended(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#phone.ended(reason);
  }
}
