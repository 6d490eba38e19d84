/**
 * What the kit of workers tells tools in the same process, on channels of `node:diagnostics_channel`. It costs nothing
 * while nobody subscribes. The local tools do (`local/run/watch`).
 */

/** A tracing channel: a handler begins and ends. */
export const HANDLER_CHANNEL = 'trunkline.handler';

/** A channel: a worker publishes a text, which is the message. */
export const TEXT_CHANNEL = 'trunkline.text';

/** The message of all events of one run of a handler. `error` comes from the channel, when the run fails. */
export interface RunningHandlerMessage {
  readonly worker: string;
  /** As its author wrote it: `onAudio`. */
  readonly handler: string;
  readonly callId: string;
  readonly callConnectionId?: string | undefined;
  /** Of a handler that was interrupted: whether it has returned in time. Then `error` is no failure. */
  end?: 'in time' | 'too late';
  readonly error?: unknown;
}
