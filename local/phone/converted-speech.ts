import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Audio } from '../../shared/audio/wav.ts';
import { checkRates, convertRate } from './resample.ts';

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

/** About how many samples are converted at a time: two seconds of speech, some ten milliseconds of work. */
const PIECE_SAMPLES = 32_768;
/**
 * Samples on both sides of a piece that are converted with it and dropped: more than the converter's filter reaches.
 */
const MARGIN_SAMPLES = 2_048;

/**
 * As `convertRate`, for audio that may be long: other calls go on in between.
 * @throws RangeError for a rate outside 1000 to 192000 Hz
 */
export async function resampleInPieces(
  samples: Int16Array,
  fromHz: number,
  toHz: number,
): Promise<Int16Array> {
  if (fromHz === toHz || samples.length <= PIECE_SAMPLES) return convertRate(samples, fromHz, toHz);
  const result = new Int16Array(resampledLength(samples.length, fromHz, toHz));
  let at = 0;
  for (const piece of resampledPieces(samples, fromHz, toHz)) {
    result.set(piece, at);
    at += piece.length;
    await nextTurn();
  }
  return result;
}

/** How many samples there are after converting. */
function resampledLength(length: number, fromHz: number, toHz: number): number {
  return Math.round((length * toHz) / fromHz);
}

/**
 * The same audio as `convertRate` gives, in consecutive pieces. It converts each piece when you ask for it. The pieces
 * may not be changed. At the same rate the samples are the only piece. Pieces begin where a sample of the one rate
 * falls together with one of the other, so that no seam is heard.
 * @throws RangeError at once for a rate outside 1000 to 192000 Hz
 */
export function resampledPieces(
  samples: Int16Array,
  fromHz: number,
  toHz: number,
): Iterator<Int16Array> & Iterable<Int16Array> {
  checkRates(fromHz, toHz);
  return pieces(samples, fromHz, toHz);
}

function* pieces(samples: Int16Array, fromHz: number, toHz: number): Generator<Int16Array> {
  if (fromHz === toHz || samples.length <= PIECE_SAMPLES) {
    yield convertRate(samples, fromHz, toHz);
    return;
  }
  const length = resampledLength(samples.length, fromHz, toHz);
  const step = fromHz / greatestCommonDivisor(fromHz, toHz);
  const piece = Math.ceil(PIECE_SAMPLES / step) * step;
  const margin = Math.ceil(MARGIN_SAMPLES / step) * step;
  for (let start = 0; start < samples.length; start += piece) {
    const from = Math.max(0, start - margin);
    const converted = convertRate(samples.subarray(from, start + piece + margin), fromHz, toHz);
    const skipped = ((start - from) * toHz) / fromHz;
    const at = (start * toHz) / fromHz;
    const wanted = Math.min((piece * toHz) / fromHz, length - at);
    yield converted.subarray(skipped, skipped + wanted);
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** All the pieces in one array, one after the other. */
export function concatenate(pieces: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
