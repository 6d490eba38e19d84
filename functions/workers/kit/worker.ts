/** What a worker is made of, as its author sees it. `define-worker.ts` checks it, `lane-event.ts` runs it. */
import type { ListenMode } from '../../../shared/call/plan.ts';
import type { ListenOptions } from '../../../shared/wire/call/listen-schema.ts';
import type { LaneEvent, WorkerAction } from '../../../shared/wire/lane/worker-messages.ts';
import type { CallActions } from './call-actions.ts';
import type { LaneAudioFormat } from './lane-audio.ts';

/** A run of audio of one participant. */
export interface AudioChunk {
  /** Signed 16-bit mono samples: a view into the received message, valid while the handler runs. */
  readonly pcm: Int16Array;
  readonly sampleRateHz: number;
  /** That of the call; `pcmu` where the plan has audio travel so: then `pcm` is what was decoded, at 8 kHz. */
  readonly format: LaneAudioFormat;
  /** Index of the first sample since the stream's start, modulo 2^32. A jump between two chunks is a gap. */
  readonly timestamp: number;
  /** First chunk of the stream, or the first after a gap. */
  readonly marker: boolean;
  readonly durationMs: number;
  /** The participant's number, named by `call.started` and `participant` events; 0 when the call's audio is mixed. */
  readonly participant: number;
}

/**
 * What a participant said, from the pause before it to the pause after it. `marker` is false when it goes on from the
 * utterance before it, which had reached its longest length.
 */
export interface Utterance extends AudioChunk {
  /** The same as a WAV file. */
  wav(): Uint8Array<ArrayBuffer>;
}

/** The call that an event belongs to. */
export interface Call extends CallActions {
  readonly callId: string;
  /** The id by which the Call Automation client reaches the call. Unknown until `call.started` has come. */
  readonly callConnectionId?: string;
  /** The exchange that a reply belongs to; it grows each time the caller interrupts. */
  readonly turn: number;
  /** Aborted when the handler has had its time (`HANDLER_LIMIT_MS`): nobody waits for its reply then. */
  readonly signal: AbortSignal;
  /**
   * Plays PCM16 samples or their bytes, in the format of the call: now, while the handler goes on, as often as it likes.
   * They are heard in the order of the calls; resolves when Web PubSub has them. After an interruption nothing is heard of it.
   */
  play(pcm: Int16Array | Uint8Array): Promise<void>;
  /** Shows a text to whoever watches the call. */
  publish(text: string): Promise<void>;
}

export type EventOf<T extends LaneEvent['type']> = Omit<Extract<LaneEvent, { type: T }>, 'type'>;

/** How the call began; by what the worker may act on it, `call` knows. */
export type CallStarted = Omit<EventOf<'call.started'>, 'control'>;

/** PCM16 samples or their bytes, at the rate of the audio that they answer, else of the call; a list of actions; or nothing. */
export type WorkerReply =
  | Int16Array
  | Uint8Array
  | { readonly actions: readonly WorkerAction[] }
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement is a valid handler.
  | void;

export type HandlerResult = WorkerReply | Promise<WorkerReply>;

/**
 * Handlers get one event at a time for each call, in order. A handler that throws loses its own event and leaves
 * `state` as it was. `state` is JSON, a few hundred bytes, kept by Web PubSub with the connection of this call and
 * worker; change it in place. A handler may run again for the same event with the same state (Web PubSub repeats an
 * event whose answer got lost), so effects outside of `state` must bear repetition.
 */
interface Handlers<S extends object> {
  /** Lower case letters, digits and hyphens: the name in the call's route, and the last part of the webhook's path. */
  readonly name: string;
  initialState?(): S;
  onCallStarted?(event: CallStarted, call: Call, state: S): HandlerResult;
  onParticipant?(event: EventOf<'participant'>, call: Call, state: S): HandlerResult;
  onDtmf?(event: EventOf<'dtmf'>, call: Call, state: S): HandlerResult;
  /** The caller spoke over a reply, or a worker of higher priority did: `playedMs` of it were heard. */
  onInterrupted?(event: EventOf<'interrupted'>, call: Call, state: S): HandlerResult;
  /** What the worker has said so far has been heard to its end. A worker that listens by chunks hears this of `play` actions only. */
  onPlayed?(event: EventOf<'played'>, call: Call, state: S): HandlerResult;
  /** Somebody outside the call says something to the worker: `data` is any JSON. */
  onMessage?(event: EventOf<'message'>, call: Call, state: S): HandlerResult;
  /** The call is over: a reply is heard by nobody. */
  onCallEnded?(event: EventOf<'call.ended'>, call: Call, state: S): HandlerResult;
}

/** Hears everything, as it comes: in chunks, or as a stream while it stays with the call (`npm run worker`). */
export interface ChunkWorkerDefinition<S extends object> extends Handlers<S> {
  readonly listen: Extract<ListenOptions, { mode: 'chunk' | 'stream' }>;
  onAudio(chunk: AudioChunk, call: Call, state: S): HandlerResult;
  readonly onUtterance?: never;
  readonly onSpeechStarted?: never;
  readonly onSpeechEnded?: never;
}

/** Hears what is said, once it has been said. */
export interface UtteranceWorkerDefinition<S extends object> extends Handlers<S> {
  readonly listen: Extract<ListenOptions, { mode: 'utterance' }>;
  onUtterance(utterance: Utterance, call: Call, state: S): HandlerResult;
  /** Somebody speaks. Told where the route's `listen` asks for `speechEvents`. */
  onSpeechStarted?(event: EventOf<'speech.started'>, call: Call, state: S): HandlerResult;
  /** He has finished; what he said follows. */
  onSpeechEnded?(event: EventOf<'speech.ended'>, call: Call, state: S): HandlerResult;
  readonly onAudio?: never;
}

export type WorkerDefinition<S extends object> = ChunkWorkerDefinition<S> | UtteranceWorkerDefinition<S>;

/** A definition that was checked, and in which nothing of `listen` is left to defaults. */
export type DefinedWorker<S extends object> = WorkerDefinition<S> & { readonly listen: ListenMode };

/** A worker of which only the runtime's view is wanted. */
export type Worker = DefinedWorker<object>;
