/** How loud PCM16 audio is. */

const FULL_SCALE = 32_768;

/** What a frame of nothing measures: the quietest that 16 bits can hold, so that a report never says -Infinity. */
const FLOOR_DBFS = -96;

/**
 * A frame quieter than this is silent. Microsoft publishes no threshold for the `silent` flag; speech on a telephone
 * lies between -40 and -15 dBFS and the noise of a line below -55, so the line is drawn between the two.
 */
const SILENT_BELOW_DBFS = -50;

const SILENT_BELOW_RMS = FULL_SCALE * 10 ** (SILENT_BELOW_DBFS / 20);

/** Root mean square of the samples, 0 to 32768; 0 for none. */
export function rms(samples: Int16Array): number {
  if (samples.length === 0) return 0;
  let sum = 0;
  // An index costs a third of an iterator, and this runs several times for every 20 ms of every call.
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] ?? 0;
    sum += sample * sample;
  }
  return Math.sqrt(sum / samples.length);
}

/** The root mean square (or a peak) in decibels of full scale, never below `FLOOR_DBFS`. */
export function dbfs(value: number): number {
  return value <= 0 ? FLOOR_DBFS : Math.max(FLOOR_DBFS, 20 * Math.log10(value / FULL_SCALE));
}

/** Whether the root mean square lies below `SILENT_BELOW_DBFS`. */
export function isSilentLevel(value: number): boolean {
  return value < SILENT_BELOW_RMS;
}
