/** What a frame of audio sounds like. */
export interface Voice {
  /** Somebody speaks in this frame. */
  readonly isSpeech: boolean;
  /** Mean power in dB relative to a full-scale square wave; `SILENCE_DB` for digital silence. */
  readonly levelDb: number;
}

/** The level of a frame of zeros, and the lowest that is told: a square wave of half of the last bit lies there. */
export const SILENCE_DB = -96;

/** The voice of a frame without sound. */
export const NO_VOICE: Voice = { isSpeech: false, levelDb: SILENCE_DB };
