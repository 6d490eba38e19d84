import { FrameConverter } from './frame-converter.ts';
import { type Phone, samplesPerFrame } from './phone.ts';
import { PhoneDecorator } from './phone-decorator.ts';

/** A telephone on a call of another rate: it keeps its own, and what it says and hears is converted. */
export class SteadyRatePhone extends PhoneDecorator {
  readonly #ownHz: number;
  #said: FrameConverter;
  #heard: FrameConverter;
  #callHz: number;

  constructor(phone: Phone, ownHz: number) {
    super(phone);
    this.#ownHz = ownHz;
    this.#callHz = ownHz;
    this.#said = new FrameConverter(ownHz, ownHz);
    this.#heard = new FrameConverter(ownHz, ownHz);
  }

  override mediaStarted(sampleRateHz: number): void {
    this.#callHz = sampleRateHz;
    this.#said = new FrameConverter(this.#ownHz, sampleRateHz);
    this.#heard = new FrameConverter(sampleRateHz, this.#ownHz);
    super.mediaStarted(this.#ownHz);
  }

  override speak(): Int16Array | undefined {
    const samples = super.speak();
    if (samples === undefined && this.#ownHz === this.#callHz) return undefined;
    // Silence pushes out the end of what was said, which is still on its way.
    return this.#said.convert(samples ?? new Int16Array(samplesPerFrame(this.#ownHz)));
  }

  override hear(samples: Int16Array, fromApplication: number): void {
    super.hear(this.#heard.convert(samples), Math.round(fromApplication * (this.#ownHz / this.#callHz)));
  }
}
