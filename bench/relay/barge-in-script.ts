/**
 * When the worker and the caller of a call speak, so that the caller interrupts over and over; counted in frames of 20
 * ms, from a beginning that differs between calls.
 *
 *     frame   0: the worker begins to say 1.6 s
 *     frame  40: the caller speaks, for 240 ms; the sixth frame of it is the one that makes it sure
 *     frame 100: from the beginning
 */
export const CYCLE_FRAMES = 100;
export const WORKER_SPEECH_MS = 1_600;
const SPEECH_FROM = 40;
const SPEECH_FRAMES = 12;
/** 120 ms of speech are needed. */
const SURE_AT = SPEECH_FROM + 5;

export interface ScriptedFrame {
  readonly isLoud: boolean;
  readonly workerBegins: boolean;
  /** A listener that hears this frame knows that the caller speaks. */
  readonly isSure: boolean;
}

export function scriptedFrame(call: number, frame: number): ScriptedFrame {
  const at = (frame + call * 13) % CYCLE_FRAMES;
  return {
    isLoud: at >= SPEECH_FROM && at < SPEECH_FROM + SPEECH_FRAMES,
    workerBegins: at === 0,
    isSure: at === SURE_AT,
  };
}
