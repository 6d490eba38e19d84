/** Recordings of known delays, at 16 kHz. */
const PER_MS = 16;

/** Silence of this length, with sounds at their milliseconds; what is longer than the recording is cut off. */
export function placed(
  ms: number,
  sounds: readonly (readonly [atMs: number, samples: Int16Array])[],
): Int16Array {
  const all = new Int16Array(ms * PER_MS);
  for (const [atMs, samples] of sounds) {
    all.set(samples.subarray(0, Math.max(0, all.length - atMs * PER_MS)), atMs * PER_MS);
  }
  return all;
}

/** The voice of the worker `robot`. */
export function robot(samples: Int16Array, sampleRateHz: number): Int16Array {
  return samples.map((sample, i) => Math.round(sample * Math.cos((2 * Math.PI * 50 * i) / sampleRateHz)));
}
