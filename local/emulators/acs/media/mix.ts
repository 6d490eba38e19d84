/** Adding up PCM16 audio: sums are kept in 32 bits and clipped once, at the end. */

/** Adds `factor` times the samples to the sum. */
export function addInto(sum: Int32Array, samples: Int16Array, factor: 1 | -1 = 1): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + factor * (samples[i] ?? 0);
}

/** The sum as PCM16: what exceeds 16 bits becomes the nearest value that fits. */
export function saturate(sum: Int32Array): Int16Array {
  const samples = new Int16Array(sum.length);
  for (let i = 0; i < sum.length; i++) samples[i] = Math.max(-32_768, Math.min(32_767, sum[i] ?? 0));
  return samples;
}
