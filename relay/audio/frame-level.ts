import { BYTES_PER_SAMPLE } from '../../shared/audio/audio-format.ts';

const FULL_SCALE = 32_768;

/** The level of digital silence, in dB, and the lowest level that `frameLevelDb` gives. */
export const SILENCE_DB = -96;

/**
 * Mean power of PCM16 samples in dB relative to a full-scale square wave (dBov), never below `SILENCE_DB`. A constant
 * offset counts as no power: it makes no sound, and some telephone adapters have one.
 */
export function frameLevelDb(pcm: Uint8Array): number {
  const samples = samplesOf(pcm);
  if (samples.length === 0) return SILENCE_DB;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < samples.length; i += 1) {
    const sample = samples[i] ?? 0;
    sum += sample;
    squares += sample * sample;
  }
  const mean = sum / samples.length;
  const power = (squares / samples.length - mean * mean) / (FULL_SCALE * FULL_SCALE);
  return Math.max(SILENCE_DB, 10 * Math.log10(Math.max(power, Number.MIN_VALUE)));
}

/** Samples between two looks at what they add up to. */
const BLOCK_SAMPLES = 32;

/**
 * Whether `frameLevelDb` reaches `levelDb`, which must lie above `SILENCE_DB`. Reads only as many samples as it takes
 * to be certain: the sum of the squared distances from the mean never shrinks when samples are added.
 */
export function reachesLevel(pcm: Uint8Array, levelDb: number): boolean {
  const samples = samplesOf(pcm);
  const enough = FULL_SCALE * FULL_SCALE * 10 ** (levelDb / 10) * samples.length;
  let sum = 0;
  let squares = 0;
  for (let from = 0; from < samples.length; from += BLOCK_SAMPLES) {
    const to = Math.min(from + BLOCK_SAMPLES, samples.length);
    for (let i = from; i < to; i += 1) {
      const sample = samples[i] ?? 0;
      sum += sample;
      squares += sample * sample;
    }
    if (squares - (sum * sum) / to >= enough) return true;
  }
  return false;
}

/** A view where the bytes lie at an even address, else a copy. Both little-endian, as on every platform of Node. */
function samplesOf(pcm: Uint8Array): Int16Array {
  const whole = pcm.byteOffset % BYTES_PER_SAMPLE === 0 ? pcm : pcm.slice();
  return new Int16Array(whole.buffer, whole.byteOffset, Math.floor(whole.byteLength / BYTES_PER_SAMPLE));
}
