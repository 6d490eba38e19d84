import type { Phone } from '../../../phone/phone.ts';

/**
 * A phone behind the service's mute and hold: muted, nobody hears it; on hold, nobody hears it and it hears silence. Its own speech goes on
 * meanwhile, as a person's would. Released, it can be put behind another gate, and nothing of this one reaches it any more.
 */
export class GatedPhone implements Phone {
  readonly rawId: string;
  muted = false;
  onHold = false;
  #phone: Phone | undefined;
  #streaming = false;

  constructor(phone: Phone) {
    this.#phone = phone;
    this.rawId = phone.rawId;
  }

  get othersElsewhere(): boolean | undefined {
    return this.#phone?.othersElsewhere;
  }

  mediaStarted(sampleRateHz: number): void {
    // What drove the phone before may stop while it is told of the new start.
    this.#phone?.mediaStarted(sampleRateHz);
    this.#streaming = true;
  }

  speak(): Int16Array | undefined {
    const samples = this.#phone?.speak();
    return this.muted || this.onHold ? undefined : samples;
  }

  hear(samples: Int16Array, fromApplication: number): void {
    if (this.onHold) this.#phone?.hear(new Int16Array(samples.length), 0);
    else this.#phone?.hear(samples, fromApplication);
  }

  mediaStopped(): void {
    if (!this.#streaming) return;
    this.#streaming = false;
    this.#phone?.mediaStopped();
  }

  /** Reaches the phone once. */
  ended(reason: string): void {
    this.release()?.ended(reason);
  }

  /** Gives the phone back; undefined where it was released or ended before. */
  release(): Phone | undefined {
    this.mediaStopped();
    const phone = this.#phone;
    this.#phone = undefined;
    return phone;
  }
}
