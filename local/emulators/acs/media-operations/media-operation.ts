import type { CallbackEventType, ReplyTo, ResultInformation } from '../events/callback-event.ts';
import type { QueuedKind } from './operation-queue.ts';
import type { LoadPrompt } from './prompt-loader.ts';
import type { PromptPlayer } from './prompt-player.ts';
import type { Tone } from './tones.ts';

/** Sends a callback event of the call to the application that asked for the operation. */
export type EmitEvent = (
  type: CallbackEventType,
  data: Readonly<Record<string, unknown>> & { readonly resultInformation: ResultInformation },
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
