import type { Phone } from './phone.ts';

/**
 * A phone in front of another one: it passes everything on, and subclasses change what they must. Released, it passes
 * on nothing.
 */
export class PhoneDecorator implements Phone {
  readonly rawId: string;
  /** Undefined once it is released or the call has ended, so that a finished call does not keep its audio in memory. */
  protected phone: Phone | undefined;
  #streaming = false;

  constructor(phone: Phone) {
    this.phone = phone;
    this.rawId = phone.rawId;
  }

  get othersElsewhere(): boolean | undefined {
    return this.phone?.othersElsewhere;
  }

  mediaStarted(sampleRateHz: number): void {
    // Whatever drove the phone before may stop it while the phone hears of the new start.
    this.phone?.mediaStarted(sampleRateHz);
    this.#streaming = true;
  }

  speak(): Int16Array | undefined {
    return this.phone?.speak();
  }

  hear(samples: Int16Array, fromApplication: number): void {
    this.phone?.hear(samples, fromApplication);
  }

  hearKey(key: string): void {
    this.phone?.hearKey?.(key);
  }

  answered(): void {
    this.phone?.answered?.();
  }

  /** Reaches the phone once for each start. */
  mediaStopped(): void {
    if (!this.#streaming) return;
    this.#streaming = false;
    this.phone?.mediaStopped();
  }

  /** Reaches the phone once. */
  ended(reason: string): void {
    this.release()?.ended(reason);
  }

  /** Stops the media of the phone and gives it back; undefined if it was released or ended before. */
  release(): Phone | undefined {
    this.mediaStopped();
    const { phone } = this;
    this.phone = undefined;
    return phone;
  }
}
