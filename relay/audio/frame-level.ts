import { BYTES_PER_SAMPLE } from '../../shared/audio/audio-format.ts';

const FULL_SCALE = 32_768;

/** The level of digital silence, in dB, and the lowest level that `levelDb` gives. */
export const SILENCE_DB = -96;

/** The level of a frame of PCM16 bytes, as `levelDb` gives it. */
export function frameLevelDb(pcm: Uint8Array): number {
  return levelDb(powerOf(samplesOf(pcm)));
}

/** Power relative to a full-scale square wave as dB (dBov), never below `SILENCE_DB`. */
export function levelDb(power: number): number {
  return Math.max(SILENCE_DB, 10 * Math.log10(Math.max(power, Number.MIN_VALUE)));
}

/**
 * Mean power of samples relative to a full-scale square wave; 0 where there are none. A constant offset has no power:
 * it is no sound, and some telephone adapters have one.
 */
export function powerOf(samples: Int16Array): number {
  if (samples.length === 0) return 0;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < samples.length; i += 1) {
    const sample = samples[i] ?? 0;
    sum += sample;
    squares += sample * sample;
  }
  const mean = sum / samples.length;
  return Math.max(0, (squares / samples.length - mean * mean) / (FULL_SCALE * FULL_SCALE));
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
export function samplesOf(pcm: Uint8Array): Int16Array {
  const whole = pcm.byteOffset % BYTES_PER_SAMPLE === 0 ? pcm : pcm.slice();
  return new Int16Array(whole.buffer, whole.byteOffset, Math.floor(whole.byteLength / BYTES_PER_SAMPLE));
}
