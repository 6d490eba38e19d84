import { type Phone, samplesPerFrame } from './phone.ts';
import { PhoneDecorator } from './phone-decorator.ts';
import { convertRate } from './resample.ts';

/** A telephone on a call of another rate: it keeps its own, and what it says and hears is converted, a frame later. */
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

/**
 * Converts audio of one rate to another as it comes, frame by frame; what comes out is a frame late, since the end of a
 * frame cannot be converted before the beginning of the next is known. At the same rate nothing is converted, and
 * nothing is late.
 */
export class FrameConverter {
  readonly #fromHz: number;
  readonly #toHz: number;
  #before: Int16Array;
  #present: Int16Array;

  constructor(fromHz: number, toHz: number) {
    this.#fromHz = fromHz;
    this.#toHz = toHz;
    this.#before = new Int16Array(samplesPerFrame(fromHz));
    this.#present = this.#before;
  }

  /** Takes one frame and gives one. */
  convert(frame: Int16Array): Int16Array {
    if (this.#fromHz === this.#toHz) return frame;
    const length = frame.length;
    const three = new Int16Array(3 * length);
    three.set(this.#before);
    three.set(this.#present, length);
    three.set(frame, 2 * length);
    this.#before = this.#present;
    this.#present = frame.slice();
    const wanted = samplesPerFrame(this.#toHz);
    return convertRate(three, this.#fromHz, this.#toHz).subarray(wanted, 2 * wanted);
  }
}
