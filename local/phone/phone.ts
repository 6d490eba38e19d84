/** Length in milliseconds of what a phone says and hears at a time (ACS sends 50 packets a second). */
export const PHONE_FRAME_MS = 20;

/** Samples of one such frame. */
export function samplesPerFrame(sampleRateHz: number): number {
  return (sampleRateHz * PHONE_FRAME_MS) / 1000;
}

/** These samples as one frame, with silence at its end where they are fewer. */
export function wholeFrame(samples: Int16Array, frameSamples: number): Int16Array {
  if (samples.length === frameSamples) return samples;
  const frame = new Int16Array(frameSamples);
  frame.set(samples);
  return frame;
}

/**
 * A person's telephone on an emulated call. As long as it is connected, the clock of the call or of its media stream
 * asks it every 20 ms for what it says and hands it what it hears. A phone has no timer of its own, so both are exact
 * to the sample.
 */
export interface Phone {
  /** The participant's raw id, such as `4:+14255550123`. */
  readonly rawId: string;
  /** True if it hears the others on the call by another way, and only the application by this one. */
  readonly othersElsewhere?: boolean | undefined;
  /** A clock has begun to drive it, or another one goes on: from now on `speak` and `hear` are called. */
  mediaStarted(sampleRateHz: number): void;
  /** The next 20 ms of PCM16 mono, which may not be changed, or undefined while the person says nothing. */
  speak(): Int16Array | undefined;
  /**
   * The next 20 ms of what the person hears. Copy the array to keep it: the next call passes it again with other
   * samples. `fromApplication` counts the samples at its start that the application sent; the rest is silence because
   * it had none queued.
   */
  hear(samples: Int16Array, fromApplication: number): void;
  /**
   * A key (0-9, A-D, `*`, `#`) that somebody else on the call pressed has been heard; for phones that understand keys.
   */
  hearKey?(key: string): void;
  mediaStopped(): void;
  /** The call that this phone has made was answered, wherever it rang in the end. */
  answered?(): void;
  /** The call is over; either side may have ended it. */
  ended(reason: string): void;
}
