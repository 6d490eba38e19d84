import type { Phone } from '../../../phone/phone.ts';
import { addInto, saturate } from '../media/mix.ts';
import type { RoomTap } from './room-tap.ts';

/**
 * A telephone of a room: what is said goes to the others and to every application, and all of these are heard. Muted, nobody hears it; on
 * hold, nobody hears it and it hears nothing but the application that holds it.
 */
export class SharedPhone implements Phone {
  readonly rawId: string;
  muted = false;
  /** The tap of the application that has put it on hold. */
  holder: RoomTap | undefined;
  readonly taps = new Set<RoomTap>();
  #phone: Phone | undefined;
  #streaming = false;

  constructor(phone: Phone) {
    this.#phone = phone;
    this.rawId = phone.rawId;
  }

  mediaStarted(sampleRateHz: number): void {
    this.#streaming = true;
    this.#phone?.mediaStarted(sampleRateHz);
  }

  speak(): Int16Array | undefined {
    const samples = this.#phone?.speak();
    const audible = this.muted || this.holder !== undefined ? undefined : samples;
    for (const tap of this.taps) tap.push(audible);
    return audible;
  }

  hear(samples: Int16Array): void {
    const sum = new Int32Array(samples.length);
    let fromApplication = 0;
    if (this.holder === undefined) addInto(sum, samples);
    for (const tap of this.taps) {
      const heard = tap.pull();
      if (heard === undefined || (this.holder !== undefined && this.holder !== tap)) continue;
      addInto(sum, heard.samples);
      fromApplication = Math.max(fromApplication, heard.fromApplication);
    }
    this.#phone?.hear(saturate(sum), fromApplication);
  }

  hearKey(key: string): void {
    this.#phone?.hearKey?.(key);
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
    for (const tap of this.taps) tap.ended();
    this.taps.clear();
    const phone = this.#phone;
    this.#phone = undefined;
    return phone;
  }
}
