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
export const SPEECH_FRAMES = 12;
/** 120 ms of speech are needed, half of it with a voice. */
const SURE_AT = SPEECH_FROM + 5;

export interface ScriptedFrame {
  /** Which frame of the caller's words it is; -1 where the caller is quiet. */
  readonly word: number;
  readonly workerBegins: boolean;
  /** A listener that hears this frame knows that the caller speaks. */
  readonly isSure: boolean;
}

export function scriptedFrame(call: number, frame: number): ScriptedFrame {
  const at = (frame + call * 13) % CYCLE_FRAMES;
  return {
    word: at >= SPEECH_FROM && at < SPEECH_FROM + SPEECH_FRAMES ? at - SPEECH_FROM : -1,
    workerBegins: at === 0,
    isSure: at === SURE_AT,
  };
}
