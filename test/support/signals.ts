/** Test signals that are the same on every run. */

/** White noise of 16-bit samples from a seed. */
export function noise(length: number, seed: number): Int16Array {
  let state = seed >>> 0 || 1;
  return Int16Array.from({ length }, () => {
    // xorshift32, George Marsaglia: Xorshift RNGs (2003).
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >> 16;
  });
}

/** A sine of this frequency, at half of full scale. */
export function tone(length: number, sampleRateHz: number, frequencyHz: number): Int16Array {
  return Int16Array.from({ length }, (_, i) =>
    Math.round(16_000 * Math.sin((2 * Math.PI * frequencyHz * i) / sampleRateHz)),
  );
}

/** Noise in bursts of changing length and loudness, as the syllables of speech are. */
export function speechLike(length: number, sampleRateHz: number): Int16Array {
  const carrier = noise(length, 42);
  let syllable = 0;
  let left = 0;
  let loud = 0;
  return carrier.map((sample) => {
    if (left === 0) {
      syllable += 1;
      left = Math.round(sampleRateHz * (0.06 + 0.13 * ((syllable * 0.618) % 1)));
      loud = syllable % 4 === 0 ? 0 : 0.1 + 0.5 * ((syllable * 0.382) % 1);
    }
    left -= 1;
    return Math.round(sample * loud);
  });
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
