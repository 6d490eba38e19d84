import libsamplerate from '@alexanderolsen/libsamplerate-js';
import { type Audio, WAV_RATE_HZ } from '../../shared/audio/wav.ts';

const { ConverterType, create } = libsamplerate;

/**
 * Bandlimited sinc interpolation of libsamplerate (97 dB signal to noise); its better settings take two and eight times
 * as long for a difference that 16 bits hardly hold.
 */
const CONVERTER = ConverterType.SRC_SINC_FASTEST;

/** Rates of recordings, in Hz; libsamplerate converts by a factor of up to 256. */
export const MIN_RATE_HZ = WAV_RATE_HZ.min;
export const MAX_RATE_HZ = WAV_RATE_HZ.max;

const FULL_SCALE = 32_768;

/** Samples handed to the converter at a time; far below the size of its buffers at any pair of rates. */
const PIECE_SAMPLES = 4_096;

/** How many samples of the lower rate the converter's filter reaches to either side; it is 19.25 for this converter. */
export const FILTER_REACH_SAMPLES = 20;

/** Pieces of silence sent after the signal at most, to get at the samples that the converter's filter still holds. */
const MAX_FLUSH_PIECES = 64;

/** The converter's module is loaded once, here, so that converting itself needs no waiting. */
const converter = await create(1, 16_000, 16_000, { converterType: CONVERTER });

/**
 * Converts mono PCM16 from one sample rate to another; at the same rate the samples come back as they are.
 * The result is exactly as long as the signal: `round(length * toHz / fromHz)` samples, with no delay.
 * Throws RangeError for a rate outside 1000 to 192000 Hz.
 */
export function convertRate(samples: Int16Array, fromHz: number, toHz: number): Int16Array {
  checkRates(fromHz, toHz);
  if (fromHz === toHz || samples.length === 0) return samples;
  restart(fromHz, toHz);
  const result = new Int16Array(Math.round((samples.length * toHz) / fromHz));
  const flushed = Math.ceil(FILTER_REACH_SAMPLES * Math.max(1, fromHz / toHz));
  const lastInput = samples.length + MAX_FLUSH_PIECES * flushed;
  let written = 0;
  for (let read = 0; written < result.length && read < lastInput; ) {
    const piece = new Float32Array(
      read < samples.length ? Math.min(PIECE_SAMPLES, samples.length - read) : flushed,
    );
    for (let i = 0; i < piece.length; i++) piece[i] = (samples[read + i] ?? 0) / FULL_SCALE;
    read += piece.length;
    const converted = converter.full(piece);
    const count = Math.min(converted.length, result.length - written);
    for (let i = 0; i < count; i++) result[written + i] = toPcm16(converted[i] ?? 0);
    written += count;
  }
  return result;
}

/** Nothing of an earlier signal is left in the filter. Setting a rate restarts the converter. */
function restart(fromHz: number, toHz: number): void {
  if (converter.outputSampleRate !== toHz) converter.outputSampleRate = toHz;
  converter.inputSampleRate = fromHz;
}

/** Throws RangeError for a rate outside 1000 to 192000 Hz. */
export function checkRates(...ratesHz: readonly number[]): void {
  for (const rate of ratesHz) {
    if (Number.isInteger(rate) && rate >= MIN_RATE_HZ && rate <= MAX_RATE_HZ) continue;
    throw new RangeError(
      `a sample rate must be a whole number from ${MIN_RATE_HZ} to ${MAX_RATE_HZ} Hz, not ${rate}`,
    );
  }
}

function toPcm16(value: number): number {
  return Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(value * FULL_SCALE)));
}

/** The audio at another sample rate (see `convertRate`); at its own rate it is returned as it is. */
export function convert(audio: Audio, sampleRateHz: number): Audio {
  return { samples: convertRate(audio.samples, audio.sampleRateHz, sampleRateHz), sampleRateHz };
}
