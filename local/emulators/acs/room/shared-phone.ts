import type { Phone } from '../../../phone/phone.ts';
import { PhoneDecorator } from '../../../phone/phone-decorator.ts';
import { addInto, saturate } from '../media/conference.ts';
import type { RoomTap } from './room-tap.ts';

/**
 * A telephone of a room: what it says goes to the others and to every application, and it hears all of these. Muted,
 * nobody hears it; on hold, nobody hears it and it hears only the application that holds it.
 */
export class SharedPhone extends PhoneDecorator {
  muted = false;
  /** The tap of the application that has put it on hold. */
  holder: RoomTap | undefined;
  readonly taps = new Set<RoomTap>();

  override speak(): Int16Array | undefined {
    const samples = super.speak();
    const audible = this.muted || this.holder !== undefined ? undefined : samples;
    for (const tap of this.taps) tap.push(audible);
    return audible;
  }

  override hear(samples: Int16Array): void {
    const sum = new Int32Array(samples.length);
    let fromApplication = 0;
    if (this.holder === undefined) addInto(sum, samples);
    for (const tap of this.taps) {
      const heard = tap.pull();
      if (heard === undefined || (this.holder !== undefined && this.holder !== tap)) continue;
      addInto(sum, heard.samples);
      fromApplication = Math.max(fromApplication, heard.fromApplication);
    }
    super.hear(saturate(sum), fromApplication);
  }

  override release(): Phone | undefined {
    const phone = super.release();
    for (const tap of this.taps) tap.ended();
    this.taps.clear();
    return phone;
  }
}
