/** Test signals that are the same on every run. */
import { type ChatterOptions, chatter } from '../../bench/voice/chatter.ts';

/** White noise of 16-bit samples from a seed. */
export function noise(length: number, seed: number): Int16Array {
  let state = seed >>> 0 || 1;
  return samplesOf(length, () => {
    // xorshift32, George Marsaglia: Xorshift RNGs (2003).
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >> 16;
  });
}

/** A sine of this frequency, at half of full scale. */
export function tone(length: number, sampleRateHz: number, frequencyHz: number): Int16Array {
  return samplesOf(length, (i) =>
    Math.round(16_000 * Math.sin((2 * Math.PI * frequencyHz * i) / sampleRateHz)),
  );
}

/** A loop, as the `from` of typed arrays takes ten times as long. */
function samplesOf(length: number, sample: (i: number) => number): Int16Array {
  const samples = new Int16Array(length);
  for (let i = 0; i < length; i += 1) samples[i] = sample(i);
  return samples;
}

/**
 * A voice that talks in syllables of changing vowel, pitch, length and loudness, from the first sample and with short
 * pauses.
 */
export function speechLike(
  length: number,
  sampleRateHz: number,
  { seed = 42, ...options }: ChatterOptions & { readonly seed?: number } = {},
): Int16Array<ArrayBuffer> {
  return chatter(length, sampleRateHz, seed, options);
}

/** Audio cut where there is silence longer than this many samples, without the silence. */
export function talkspurts(samples: Int16Array, longestGap: number): Int16Array[] {
  const spurts: Int16Array[] = [];
  let from = -1;
  let last = -1;
  samples.forEach((sample, i) => {
    if (sample === 0) return;
    if (from !== -1 && i - last > longestGap) {
      spurts.push(samples.subarray(from, last + 1));
      from = i;
    } else if (from === -1) from = i;
    last = i;
  });
  return from === -1 ? spurts : [...spurts, samples.subarray(from, last + 1)];
}
