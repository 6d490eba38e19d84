import type { Audio } from '../../shared/audio/wav.ts';
import { resampledLength, resampledPieces } from './resample-in-pieces.ts';

/**
 * What a phone says, at the rate of its call, read from the beginning to the end. It is converted while it is said,
 * about two seconds at a time, so that a long recording holds up nobody; the beginning is there from the start.
 */
export class ConvertedSpeech {
  readonly #pieces: Iterator<Int16Array>;
  #piece: Int16Array;
  /** Samples of the piece that were read. */
  #offset = 0;
  #remaining: number;

  /** @throws RangeError for a rate that cannot be converted */
  constructor({ samples, sampleRateHz }: Audio, toHz: number) {
    this.#remaining = resampledLength(samples.length, sampleRateHz, toHz);
    this.#pieces = resampledPieces(samples, sampleRateHz, toHz);
    this.#piece = this.#nextPiece();
  }

  /** Samples that were not read yet. */
  get remaining(): number {
    return this.#remaining;
  }

  /** The next samples, `count` or what remains, which may not be changed: a view where they lie in one piece. */
  read(count: number): Int16Array {
    const wanted = Math.min(count, this.#remaining);
    this.#remaining -= wanted;
    const view = this.#take(wanted);
    if (view.length === wanted) return view;
    const joined = new Int16Array(wanted);
    joined.set(view);
    for (let at = view.length; at < wanted; ) {
      const next = this.#take(wanted - at);
      joined.set(next, at);
      at += next.length;
    }
    return joined;
  }

  #take(count: number): Int16Array {
    if (this.#offset === this.#piece.length && count > 0) {
      this.#piece = this.#nextPiece();
      this.#offset = 0;
    }
    const view = this.#piece.subarray(this.#offset, this.#offset + count);
    this.#offset += view.length;
    return view;
  }

  #nextPiece(): Int16Array {
    const { done, value } = this.#pieces.next();
    if (done === true) throw new RangeError('there is less speech than its length says');
    return value;
  }
}
