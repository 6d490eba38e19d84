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
 * A person's telephone on a call of the ACS stand-in. The media clock of the call asks it every 20 ms for what is said
 * and hands it what is heard; a phone has no timer of its own, so what it says and hears is exact to the sample.
 */
export interface Phone {
  /** The participant's raw id, such as `4:+14255550123`. */
  readonly rawId: string;
  /** True where the others on the call reach it by another way: of this one it is to hear nothing but the application. */
  readonly othersElsewhere?: boolean | undefined;
  /** Media streaming has begun (again): from now on `speak` and `hear` are called. */
  mediaStarted(sampleRateHz: number): void;
  /** The next 20 ms of PCM16 mono, which may not be changed, or undefined while the person says nothing. */
  speak(): Int16Array | undefined;
  /**
   * The next 20 ms of what the person hears, to be copied by who keeps it: the same array comes again with other samples.
   * `fromApplication` counts the samples at its start that the application sent; the rest is silence because it had none queued.
   */
  hear(samples: Int16Array, fromApplication: number): void;
  /** A key (0-9, A-D, `*`, `#`) that somebody else on the call pressed has been heard; for phones that understand keys. */
  hearKey?(key: string): void;
  mediaStopped(): void;
  /** The call is over, whoever ended it. */
  ended(reason: string): void;
}
