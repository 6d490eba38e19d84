import { setImmediate as nextTurn } from 'node:timers/promises';
import { resample } from '../../phone/resample.ts';

/** About how many samples are converted in one turn of the event loop: two seconds of speech, some ten milliseconds of work. */
const PIECE_SAMPLES = 32_768;
/** Samples on both sides of a piece that are converted with it and dropped: more than the converter's filter reaches. */
const MARGIN_SAMPLES = 2_048;

/**
 * As `resample`, for audio that may be long: other calls go on in between. Pieces begin where a sample of the one rate falls together with
 * one of the other, so that no seam is heard.
 * @throws RangeError for a rate outside 1000 to 192000 Hz
 */
export async function resampleInPieces(
  samples: Int16Array,
  fromHz: number,
  toHz: number,
): Promise<Int16Array> {
  if (fromHz === toHz || samples.length <= PIECE_SAMPLES) return resample(samples, fromHz, toHz);
  const step = fromHz / greatestCommonDivisor(fromHz, toHz);
  const piece = Math.ceil(PIECE_SAMPLES / step) * step;
  const margin = Math.ceil(MARGIN_SAMPLES / step) * step;
  const result = new Int16Array(Math.round((samples.length * toHz) / fromHz));
  for (let start = 0; start < samples.length; start += piece) {
    const from = Math.max(0, start - margin);
    const converted = resample(samples.subarray(from, start + piece + margin), fromHz, toHz);
    const skipped = ((start - from) * toHz) / fromHz;
    const at = (start * toHz) / fromHz;
    const wanted = Math.min((piece * toHz) / fromHz, result.length - at);
    result.set(converted.subarray(skipped, skipped + wanted), at);
    await nextTurn();
  }
  return result;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
