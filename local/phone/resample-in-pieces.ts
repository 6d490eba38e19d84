import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkRates, resample } from './resample.ts';

/** About how many samples are converted at a time: two seconds of speech, some ten milliseconds of work. */
const PIECE_SAMPLES = 32_768;
/**
 * Samples on both sides of a piece that are converted with it and dropped: more than the converter's filter reaches.
 */
const MARGIN_SAMPLES = 2_048;

/**
 * As `resample`, for audio that may be long: other calls go on in between.
 * @throws RangeError for a rate outside 1000 to 192000 Hz
 */
export async function resampleInPieces(
  samples: Int16Array,
  fromHz: number,
  toHz: number,
): Promise<Int16Array> {
  if (fromHz === toHz || samples.length <= PIECE_SAMPLES) return resample(samples, fromHz, toHz);
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
export function resampledLength(length: number, fromHz: number, toHz: number): number {
  return Math.round((length * toHz) / fromHz);
}

/**
 * The same audio as `resample` gives, in consecutive pieces, each of which is converted when it is asked for; they may
 * not be changed. At the same rate the samples are the only piece. Pieces begin where a sample of the one rate falls
 * together with one of the other, so that no seam is heard.
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
    yield resample(samples, fromHz, toHz);
    return;
  }
  const length = resampledLength(samples.length, fromHz, toHz);
  const step = fromHz / greatestCommonDivisor(fromHz, toHz);
  const piece = Math.ceil(PIECE_SAMPLES / step) * step;
  const margin = Math.ceil(MARGIN_SAMPLES / step) * step;
  for (let start = 0; start < samples.length; start += piece) {
    const from = Math.max(0, start - margin);
    const converted = resample(samples.subarray(from, start + piece + margin), fromHz, toHz);
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
