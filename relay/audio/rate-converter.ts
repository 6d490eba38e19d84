/**
 * Converts between the rate of a call and 8 kHz, piece by piece: pieces that follow one another give the same samples
 * as all of them at once. The filter delays by two milliseconds, and every piece keeps its length.
 */
import { kaiserWindow } from '../../shared/audio/kaiser-window.ts';

const filters = new Map<number, Float64Array>();

function filterOf(factor: number): Float64Array {
  const known = filters.get(factor) ?? lowPass(factor);
  filters.set(factor, known);
  return known;
}

/** From `factor` times 8 kHz down to 8 kHz. */
export class Decimator {
  readonly #factor: number;
  readonly #taps: Float64Array;
  /** The samples that the filter still looks back at. */
  #past: Float64Array;

  constructor(factor: number) {
    this.#factor = factor;
    this.#taps = filterOf(factor);
    this.#past = new Float64Array(this.#taps.length - 1);
  }

  /** @throws RangeError when the number of samples is no multiple of the factor; that of frames always is */
  convert(samples: Int16Array): Int16Array<ArrayBuffer> {
    if (samples.length % this.#factor !== 0) {
      throw new RangeError(`${samples.length} samples cannot be made ${this.#factor} times fewer`);
    }
    const taps = this.#taps;
    const input = joined(this.#past, samples);
    const output = new Int16Array(samples.length / this.#factor);
    for (let n = 0; n < output.length; n += 1) {
      let sum = 0;
      const newest = n * this.#factor;
      for (let k = 0; k < taps.length; k += 1) sum += (taps[k] ?? 0) * (input[newest + k] ?? 0);
      output[n] = saturated(sum);
    }
    this.#past = input.slice(samples.length);
    return output;
  }

  /** The next samples do not continue the last ones. */
  reset(): void {
    this.#past = new Float64Array(this.#taps.length - 1);
  }
}

/** From 8 kHz up to `factor` times 8 kHz. */
export class Interpolator {
  readonly #factor: number;
  /** For each output sample of one input sample, the taps that meet a sample, those of the newest sample last. */
  readonly #phases: readonly Float64Array[];
  readonly #pastLength: number;
  #past: Float64Array;

  constructor(factor: number) {
    this.#factor = factor;
    const taps = filterOf(factor);
    const length = Math.ceil(taps.length / factor);
    this.#phases = Array.from({ length: factor }, (_, phase) =>
      Float64Array.from({ length }, (_, i) => factor * (taps[phase + (length - 1 - i) * factor] ?? 0)),
    );
    this.#pastLength = length - 1;
    this.#past = new Float64Array(this.#pastLength);
  }

  convert(samples: Int16Array): Int16Array<ArrayBuffer> {
    const input = joined(this.#past, samples);
    const output = new Int16Array(samples.length * this.#factor);
    for (let n = 0; n < samples.length; n += 1) {
      for (const [phase, taps] of this.#phases.entries()) {
        let sum = 0;
        for (let k = 0; k < taps.length; k += 1) sum += (taps[k] ?? 0) * (input[n + k] ?? 0);
        output[n * this.#factor + phase] = saturated(sum);
      }
    }
    this.#past = input.slice(samples.length);
    return output;
  }

  /** The next samples do not continue the last ones. */
  reset(): void {
    this.#past = new Float64Array(this.#pastLength);
  }
}

function joined(past: Float64Array, samples: Int16Array): Float64Array {
  const all = new Float64Array(past.length + samples.length);
  all.set(past);
  all.set(samples, past.length);
  return all;
}

function saturated(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value)));
}

/**
 * The filter between 8 kHz and a whole multiple of it. Everything up to 3.4 kHz passes, which is the band of
 * telephony; frequencies above 4.6 kHz, which would alias, are 60 dB down. A sinc under a Kaiser window (J. F. Kaiser
 * 1974), of odd length and symmetric, so that it delays all frequencies alike.
 */
const PASS_HZ = 3_400;
const STOP_HZ = 4_600;
const RATE_HZ = 8_000;
const STOP_DB = 60;

/** Taps at `factor` times 8 kHz; their sum is 1, and the delay is half of their number. */
function lowPass(factor: number): Float64Array {
  const rateHz = factor * RATE_HZ;
  const width = (2 * Math.PI * (STOP_HZ - PASS_HZ)) / rateHz;
  const half = Math.ceil((STOP_DB - 8) / (2.285 * width) / 2);
  const weight = kaiserWindow(STOP_DB);
  const cutoff = (PASS_HZ + STOP_HZ) / rateHz;
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
    const n = i - half;
    const sinc = n === 0 ? cutoff : Math.sin(Math.PI * cutoff * n) / (Math.PI * n);
    return sinc * weight(n / half);
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}
