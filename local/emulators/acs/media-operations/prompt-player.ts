/**
 * What media operations need of the sound of a call: samples in, heard by phones, frame by frame with everything else.
 */

/** Who hears a prompt: everybody who is on the call, or only these raw ids. */
export type PromptTargets = 'all' | readonly string[];

export interface PromptOptions {
  /** PCM16 mono. */
  readonly samples: Int16Array;
  readonly sampleRateHz: number;
  readonly targets: PromptTargets;
  /** Starts again at its end until it is stopped. */
  readonly loop?: boolean;
  /** Heard by participants who are on hold, and by nobody else; other prompts are not heard on hold. */
  readonly forHold?: boolean;
  /**
   * The last sample was heard by the last target, or no target is left. Not called after `stop`, nor before
   * `speakToPhones` has returned.
   */
  readonly finished?: () => void;
}

export interface PromptHandle {
  /** Falls silent at the next frame. Idempotent. */
  stop(): void;
}

export interface PromptPlayer {
  speakToPhones(options: PromptOptions): PromptHandle;
  /**
   * Keeps the sound of the call going, so that phones whose time is the media's can speak, until the returned function
   * is called. While media is streamed this changes nothing.
   */
  listen(): () => void;
}
