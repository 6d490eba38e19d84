/** What a worker is made of, as its author sees it. `define-worker.ts` checks it, `run-event.ts` runs it. */
import type { ListenMode, TextKind } from '../../../shared/call/plan.ts';
import type { ListenOptions } from '../../../shared/wire/call/listen-schema.ts';
import type { LaneEvent, WorkerAction } from '../../../shared/wire/lane/worker-messages.ts';
import type { CallActions } from './call-actions.ts';
import type { LaneAudioFormat, SpokenAudio } from './lane-audio.ts';

/** A run of audio of one participant. */
export interface AudioChunk {
  /** Signed 16-bit mono samples: a view into the received message, valid while the handler runs. */
  readonly pcm: Int16Array;
  readonly sampleRateHz: number;
  /** The call's format, or `pcmu` where the plan says so: then `pcm` holds the decoded samples, at 8 kHz. */
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
 * What a participant said between two pauses. `marker` is false when it continues the utterance before it, which had
 * reached the greatest length.
 */
export interface Utterance extends AudioChunk {
  /** The same as a WAV file. */
  wav(): Uint8Array<ArrayBuffer>;
}

/** The call that an event belongs to. In a function app it is of use while the handler runs, and then rejects. */
export interface Call extends CallActions {
  readonly callId: string;
  /** The call's id for the Call Automation client. Unknown until `call.started` has come. */
  readonly callConnectionId?: string;
  /** The exchange that a reply belongs to. It grows each time the caller interrupts. */
  readonly turn: number;
  /**
   * Aborted when nobody hears the handler any more: with InterruptedError when the caller, or a worker of higher
   * priority, interrupts this turn or the call ends, and when the handler's time is over: 10 s, and 10 s from each
   * `play`, but not more than 25 s in all.
   * An interrupted handler has 500 ms to return; then the next event is served, and what the handler still does to
   * its `state` is discarded. Requests about the call that it has not had an answer to are aborted then.
   */
  readonly signal: AbortSignal;
  /**
   * Plays PCM16 samples or their bytes at the rate of the call, or samples that name their rate (`readWav`), which are
   * converted: at once, while the handler goes on, any number of
   * times, and faster than they are heard. The caller hears them in this order, and nothing of them after an
   * interruption. Resolves when Web PubSub has them; `onPlayed` and `hangUp({ after: 'played' })` wait until they are
   * heard. Rejects with
   * - InterruptedError, which says what was heard, when `signal` aborts for an interruption, also if the play waits;
   * - PlayError, which names the bound and the value, when one event would say more than ten minutes, or when the relay
   *   holds as much of this worker as it may that nobody has heard: ten minutes (`LONGEST_SPEECH_MS`), and less while
   *   the relay is full. Nothing of this play, or only its beginning, is heard then.
   * - HandlerReturnedError in a function app once the handler has returned: whatever a worker does about its call, it
   *   does while a handler runs. A resident worker may go on, in the turn of its handler, until it is interrupted.
   */
  play(pcm: SpokenAudio): Promise<void>;
  /**
   * Shows a text to people who look at the call: its timeline keeps it (up to 1,000 characters, 200 texts of a call,
   * one a second and 20 at once). `{ kind: 'transcript' }`: words that somebody spoke, which are live only, and kept
   * only where the route says so (`storeTranscripts`).
   */
  publish(text: string, options?: PublishOptions): Promise<void>;
}

export interface PublishOptions {
  /** Defaults to `note`. */
  readonly kind?: TextKind;
}

type EventOf<T extends LaneEvent['type']> = Omit<Extract<LaneEvent, { type: T }>, 'type'>;

/** How the call began. Acting on it is up to `call`. */
export type CallStarted = Omit<EventOf<'call.started'>, 'control'>;

/**
 * PCM16 samples or their bytes, at the rate of the audio that they answer or else of the call; samples that name their
 * rate, which are converted; actions; or nothing. Up to ten minutes of audio (`LONGEST_SPEECH_MS`); a longer reply is
 * lost, and the log says so.
 */
export type WorkerReply =
  | SpokenAudio
  | { readonly actions: readonly WorkerAction[] }
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement is a valid handler.
  | void;

export type HandlerResult = WorkerReply | Promise<WorkerReply>;

/**
 * Handlers get one event at a time for each call, in order. A handler that throws loses its own event and leaves
 * `state` as it was. So does one that is interrupted and does not return within 500 ms: what it writes after that is
 * discarded. `state` is JSON, a few hundred bytes, kept by Web PubSub with the connection of this call and worker;
 * change it in place. A handler may run again for the same event with the same state (Web PubSub repeats an event whose
 * answer got lost), so effects outside of `state` must be idempotent.
 */
interface Handlers<S extends object> {
  /** Lower case letters, digits and hyphens: the name in the call's route, and the last part of the webhook's path. */
  readonly name: string;
  initialState?(): S;
  onCallStarted?(event: CallStarted, call: Call, state: S): HandlerResult;
  onParticipant?(event: EventOf<'participant'>, call: Call, state: S): HandlerResult;
  onDtmf?(event: EventOf<'dtmf'>, call: Call, state: S): HandlerResult;
  /** The caller, or a worker of higher priority, spoke over a reply, of which `playedMs` were heard. */
  onInterrupted?(event: EventOf<'interrupted'>, call: Call, state: S): HandlerResult;
  /** All that the worker has said so far was heard. In chunk mode, only `play` actions count. */
  onPlayed?(event: EventOf<'played'>, call: Call, state: S): HandlerResult;
  /** A message from outside the call: `data` is any JSON. */
  onMessage?(event: EventOf<'message'>, call: Call, state: S): HandlerResult;
  /** The call is over: a reply has no effect. */
  onCallEnded?(event: EventOf<'call.ended'>, call: Call, state: S): HandlerResult;
}

/** Hears all audio as it comes: in chunks, or as a stream if it is a resident worker (`npm run worker`). */
export interface ChunkWorkerDefinition<S extends object> extends Handlers<S> {
  readonly listen: Extract<ListenOptions, { mode: 'chunk' | 'stream' }>;
  onAudio(chunk: AudioChunk, call: Call, state: S): HandlerResult;
  readonly onUtterance?: never;
  readonly onSpeechStarted?: never;
  readonly onSpeechEnded?: never;
}

/** Hears each utterance once it is over. */
export interface UtteranceWorkerDefinition<S extends object> extends Handlers<S> {
  readonly listen: Extract<ListenOptions, { mode: 'utterance' }>;
  onUtterance(utterance: Utterance, call: Call, state: S): HandlerResult;
  /** A participant begins to speak. Needs `speechEvents` in the route's `listen`. */
  onSpeechStarted?(event: EventOf<'speech.started'>, call: Call, state: S): HandlerResult;
  /** The participant has finished. The utterance follows. */
  onSpeechEnded?(event: EventOf<'speech.ended'>, call: Call, state: S): HandlerResult;
  readonly onAudio?: never;
}

export type WorkerDefinition<S extends object> = ChunkWorkerDefinition<S> | UtteranceWorkerDefinition<S>;

/** A definition that was checked, with every default of `listen` filled in. */
export type DefinedWorker<S extends object> = WorkerDefinition<S> & { readonly listen: ListenMode };

/** A worker as the runtime sees it, without the type of its state. */
export type Worker = DefinedWorker<object>;
