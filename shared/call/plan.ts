/**
 * What a route decides for one call: its audio, its workers, how each hears and how each is interrupted. Times in
 * milliseconds.
 */
import type { AudioFormat } from '../audio/audio-format.ts';

/** Workers that may be on a call at the same time. */
export const MAX_WORKERS = 16;

/**
 * The longest speech of a worker, in milliseconds: what one event may be answered with, and what the relay holds for
 * one worker of a call until it is heard. At 24 kHz that is 28.8 MB.
 */
export const LONGEST_SPEECH_MS = 10 * 60_000;

/** One event per run of frames that is at least `ms` long. The next follows the ack of the previous one. */
interface ChunkMode {
  readonly mode: 'chunk';
  readonly ms: number;
}

/** When a participant counts as speaking. */
export interface SpeechRules {
  /** Shorter speech is a click or a cough. */
  readonly minSpeechMs: number;
  /** The silence that ends an utterance. */
  readonly endSilenceMs: number;
}

/** How speech is cut into utterances. */
export interface EndpointingRules extends SpeechRules {
  /** Longest utterance. */
  readonly maxMs: number;
  /** Audio before the first frame of speech that belongs to the utterance. */
  readonly preRollMs: number;
}

/** The shortest `maxMs` that has room for the other rules. */
export function shortestMaxMs({
  minSpeechMs,
  endSilenceMs,
  preRollMs,
}: Omit<EndpointingRules, 'maxMs'>): number {
  return preRollMs + 2 * minSpeechMs + endSilenceMs;
}

/** One event per utterance. */
interface UtteranceMode extends EndpointingRules {
  readonly mode: 'utterance';
  /** Whether the worker hears when a participant begins and ends to speak, before it gets the utterance. */
  readonly speechEvents: boolean;
}

/** All audio, `STREAM_MS` at a time and without acknowledgement, for a worker that stays with the call. */
interface StreamMode {
  readonly mode: 'stream';
}

/** How a worker hears the call. */
export type ListenMode = ChunkMode | UtteranceMode | StreamMode;

/**
 * Audio in one message of a stream, in milliseconds. At 16 kHz that is just under the 2,048 bytes by which Web PubSub
 * counts messages. Longer messages would not let a resource carry more calls.
 */
export const STREAM_MS = 60;

/** Bounds of the length of a chunk in milliseconds: from one frame to what still feels like a conversation. */
export const CHUNK_MS = { min: 20, max: 2_000, default: 100 } as const;

/**
 * Bounds of the members of `UtteranceMode`, in milliseconds. The longest utterance at 24 kHz is 960,000 characters of
 * base64, and Web PubSub takes messages of 1 MB.
 */
export const UTTERANCE_MS = {
  endSilenceMs: { min: 100, max: 3_000, default: 500 },
  maxMs: { min: 1_000, max: 15_000, default: 15_000 },
  minSpeechMs: { min: 20, max: 1_000, default: 120 },
  preRollMs: { min: 0, max: 1_000, default: 300 },
} as const;

/**
 * `pcm16`: as it comes, in the format of the call. `pcmu`: G.711 mu-law at 8 kHz, with a quarter of the bytes of 16
 * kHz and the bandwidth of telephony.
 */
export const WORKER_CODECS = ['pcm16', 'pcmu'] as const;

export type WorkerCodec = (typeof WORKER_CODECS)[number];

/**
 * What happens if a participant speaks, or presses a key, while a worker plays audio.
 *
 * `stop`: the playout ends. `pause`: the playout stops immediately, and resumes where it stopped if the speech turns
 * out to be shorter than `falseAfterMs` (a cough, a "yes"); otherwise it ends. `dtmf`: only a key ends it. `never`:
 * nothing does.
 */
export type BargeInPolicy =
  | { readonly policy: 'stop' }
  | { readonly policy: 'pause'; readonly falseAfterMs: number }
  | { readonly policy: 'dtmf' }
  | { readonly policy: 'never' };

/** Bounds of `falseAfterMs`. */
export const FALSE_AFTER_MS = { min: 100, max: 3_000 } as const;

export interface WorkerPlan {
  /** The worker's name: also the event name on its lane and the last part of its webhook's path. */
  readonly name: string;
  readonly listen: ListenMode;
  /** How audio travels between the relay and the worker. Defaults to `pcm16`. */
  readonly codec?: WorkerCodec;
  /** Whether the caller can interrupt the worker. Defaults to what `bargeInOf` says. */
  readonly bargeIn?: BargeInPolicy;
  /** False: the worker only listens. Defaults to true. */
  readonly speaks?: boolean;
  /**
   * If several workers have something to say, the one with the highest priority speaks, even if another has to stop.
   * Defaults to 0.
   */
  readonly priority?: number;
}

/** Bounds of `WorkerPlan.priority`. */
export const WORKER_PRIORITY = { min: 0, max: 9, default: 0 } as const;

/**
 * How a worker is interrupted. The default depends on how it listens. A worker that answers chunk by chunk is never
 * interrupted, since an echo would be interrupted by what it says back. Others stop immediately, as in a
 * conversation.
 */
export function bargeInOf({ listen, bargeIn }: WorkerPlan): BargeInPolicy {
  return bargeIn ?? (listen.mode === 'chunk' ? { policy: 'never' } : { policy: 'stop' });
}

/**
 * What a text is that a worker publishes. `note`: what the worker says of its own, which the timeline of the call
 * keeps. `transcript`: words that somebody spoke, which it keeps only where the route says so.
 */
export const TEXT_KINDS = ['note', 'transcript'] as const;

export type TextKind = (typeof TEXT_KINDS)[number];

/**
 * What a route decides for one call. It is fixed when the call is answered, since ACS accepts media streaming options
 * only then. It travels to the relay in the ticket, so the relay needs no database.
 */
export interface CallPlan {
  readonly format: AudioFormat;
  readonly channels: 'mixed' | 'unmixed';
  /** Start streaming when the call is answered; otherwise wait for `streaming/start`. */
  readonly startStreaming: boolean;
  /** Whether ACS sends DTMF tones on the media socket. */
  readonly dtmf: boolean;
  readonly workers: readonly WorkerPlan[];
  /**
   * The call ends after nobody, neither a person nor a worker, has said anything for this long. Defaults to never.
   */
  readonly idleMs?: number;
  /** The timeline keeps what workers publish as words that somebody spoke. Defaults to false. */
  readonly storeTranscripts?: boolean;
}
