import { PhoneDecorator } from '../../../phone/phone-decorator.ts';

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
