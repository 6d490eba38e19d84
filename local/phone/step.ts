/** What a person on the phone does, one thing after another. Times in milliseconds on the call. */
import type { Audio } from '../../shared/audio/wav.ts';

/** Something that can be heard. */
export type Sound =
  /** Anything that is not silence, for at least `forMs` in all. */
  | { readonly type: 'speech'; readonly forMs: number }
  /** Nothing, for `forMs` without a break. */
  | { readonly type: 'silence'; readonly forMs: number }
  /** One frequency that stands out, for at least `forMs` in all. */
  | { readonly type: 'tone'; readonly hz: number; readonly forMs: number }
  /** This recording, whole and in order, with at least `leastDb` of signal to error. */
  | { readonly type: 'recording'; readonly audio: Audio; readonly leastDb: number };

export interface Utterance {
  readonly audio: Audio;
  /** The words, where they are known; they are what transcription makes of it. */
  readonly text?: string | undefined;
}

export type Step =
  /** Says something to its end. What is still being said is cut off, as by all that begin to say something. */
  | ({ readonly type: 'say' } & Utterance)
  /** Begins to say something, and goes on with the next step meanwhile. */
  | ({ readonly type: 'startSaying' } & Utterance)
  | { readonly type: 'wait'; readonly ms: number }
  /** Listens from now on until it has heard something; fails after `withinMs`. */
  | { readonly type: 'waitUntil'; readonly heard: Sound; readonly withinMs: number }
  /** Presses keys, 0-9, A-D, `*` and `#`, one after the other. */
  | { readonly type: 'press'; readonly keys: string }
  /**
   * Lets the other side speak for `afterMs` and then begins to say something while it is still heard; fails after
   * `withinMs`.
   */
  | ({ readonly type: 'interrupt'; readonly afterMs: number; readonly withinMs: number } & Utterance)
  /**
   * Fails where that has not been heard since the phone last began to say or press something, until `withinMs` from
   * now.
   */
  | { readonly type: 'expect'; readonly hear: Sound; readonly withinMs: number }
  | { readonly type: 'hangUp' };

export interface StepResult {
  readonly type: Step['type'];
  readonly status: 'done' | 'failed' | 'notReached';
  /** When it was over, in milliseconds on the call; absent where it was not reached. */
  readonly atMs?: number;
  /** Why it failed, in a sentence. */
  readonly detail?: string;
}

export const DEFAULT_SPEECH_MS = 100;
export const DEFAULT_SILENCE_MS = 500;
export const DEFAULT_TONE_MS = 200;
export const DEFAULT_LEAST_DB = 20;

/** The sound in words, for sentences. */
export function describeSound(sound: Sound): string {
  switch (sound.type) {
    case 'speech':
      return `${sound.forMs} ms of sound`;
    case 'silence':
      return `${sound.forMs} ms of silence`;
    case 'tone':
      return `a tone of ${sound.hz} Hz`;
    case 'recording':
      return 'the recording';
  }
}
