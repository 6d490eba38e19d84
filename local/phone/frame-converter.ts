import { samplesPerFrame } from './phone.ts';
import { convertRate, FILTER_REACH_SAMPLES } from './resample.ts';

/**
 * Converts audio of one rate to another as it comes, a frame of 20 ms for a frame. What comes out is as much late as
 * the converter's filter reaches ahead: 20 samples of the lower rate, so 1.25 ms at 16 kHz. It begins with that much
 * silence, and goes on as `convertRate` would convert the whole. At the same rate nothing is converted, and nothing is
 * late.
 *
 * The state is the frame before, with which each is converted: 20 ms are whole samples at both rates, so the samples
 * lie where they lie in the whole, and the filter reaches no further back. A converter that keeps its own state costs
 * less time, but 26 MB of address space each, and tens of milliseconds at its making
 * (`docs/decisions/0210-frames-are-converted-with-the-frame-before.md`).
 */
export class FrameConverter {
  readonly fromHz: number;
  readonly #toHz: number;
  /** The frame before, and room for the next one. */
  readonly #window: Int16Array;
  /** Of what comes out, in samples. */
  readonly #delay: number;

  /** Both rates are such that 20 ms are a whole number of samples. */
  constructor(fromHz: number, toHz: number) {
    this.fromHz = fromHz;
    this.#toHz = toHz;
    this.#window = new Int16Array(fromHz === toHz ? 0 : 2 * samplesPerFrame(fromHz));
    this.#delay = Math.ceil(FILTER_REACH_SAMPLES * Math.max(1, toHz / fromHz));
  }

  /** Both rates are the same. */
  get isStraight(): boolean {
    return this.fromHz === this.#toHz;
  }

  /** Takes one frame and gives one. */
  convert(frame: Int16Array): Int16Array {
    if (this.isStraight) return frame;
    this.#window.copyWithin(0, frame.length);
    this.#window.set(frame, frame.length);
    const wanted = samplesPerFrame(this.#toHz);
    const from = wanted - this.#delay;
    return convertRate(this.#window, this.fromHz, this.#toHz).subarray(from, from + wanted);
  }
}
