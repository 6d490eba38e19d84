import { samplesPerFrame } from './phone.ts';
import { resample } from './resample.ts';

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
    return resample(three, this.#fromHz, this.#toHz).subarray(wanted, 2 * wanted);
  }
}
