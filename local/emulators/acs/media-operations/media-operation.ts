import type {
  CallbackEvent,
  CallbackEventType,
  ReplyTo,
  ResultInformation,
} from '../events/callback-event.ts';
import type { QueuedKind } from './operation-queue.ts';
import type { LoadPrompt } from './prompt-loader.ts';
import type { Tone } from './tones.ts';

/** Sends a callback event of the call to the application that asked for the operation. */
export type EmitEvent = (
  type: CallbackEventType,
  data: Readonly<Record<string, unknown>> & {
    readonly resultInformation: ResultInformation;
    readonly recording?: CallbackEvent['recording'];
  },
  replyTo: ReplyTo,
) => void;

/** What operations use of their call. */
export interface MediaSurroundings {
  readonly player: PromptPlayer;
  readonly load: LoadPrompt;
  readonly emit: EmitEvent;
}

/**
 * An operation that takes its turn on a leg of the call. It sends the event of its end, and calls `ended` for its
 * queue.
 */
export interface MediaOperation {
  readonly kind: QueuedKind;
  /** Its turn has come. `ended` is called once, unless the operation is cancelled or dropped first. */
  start(ended: (how: 'completed' | 'failed') => void): void;
  /** Stops, whether it has begun or not, and sends the event. */
  cancel(): void;
  /** Stops without an event: the call is over. */
  drop(): void;
  /** True where the operation listens to keys of this participant. */
  keyPressed?(rawId: string, tone: Tone): boolean;
  /** True where the operation listens to words of this participant. */
  textSaid?(rawId: string, text: string): boolean;
}

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
  /** Who is on hold hears only prompts `for hold`, whom nobody else hears, and those that are heard `on hold too`. */
  readonly heard?: 'for hold' | 'on hold too';
  /**
   * The last sample was heard by the last target, or no target is left. Not called after `stop`, nor before
   * `speakToPhones` has returned.
   */
  readonly finished?: () => void;
}

export interface PromptHandle {
  /** Falls silent at the next frame. Idempotent. */
  stop(): void;
  /** Falls silent, and later goes on from there. */
  pause(paused: boolean): void;
}

export interface PromptPlayer {
  speakToPhones(options: PromptOptions): PromptHandle;
}
