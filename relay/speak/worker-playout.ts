/** One worker's part in what is played: its turn, what of it waits, and how it may be interrupted. `CallPlayout` moves it. */
import { AUDIO_FORMATS, type AudioFormat, bytesToMs, msToBytes } from '../../shared/audio/audio-format.ts';
import type { BargeInPolicy } from '../../shared/call/plan.ts';
import type { CallEvent } from '../../shared/wire/lane/worker-messages.ts';
import { BargeIn } from './barge-in.ts';
import type { FloorMember } from './floor.ts';
import { PlayoutQueue } from './playout-queue.ts';
import { TurnFilter } from './turn-filter.ts';

/** Audio of one worker that may wait in the relay; a worker that runs ahead further has run away. */
export const MAX_HELD_MS = 2 * 60_000;

/** `streamed`: more is to follow without a gap, so that it deserves a jitter buffer. */
export type SpeechKind = 'streamed' | 'whole';

/** What became of a piece of audio: taken to be played, or the reason why not. */
export type SpeakOutcome =
  | 'taken'
  | 'playout is full'
  | 'socket is full'
  | 'call has ended'
  | 'the worker only listens'
  | 'audio of an old turn'
  | 'audio of a turn that has not begun';

export type StopOutcome = Extract<SpeakOutcome, 'call has ended' | 'the worker only listens'> | 'stopped';

export interface VoiceOptions {
  /** How many streams the call has had before this one. Absent: none. */
  readonly stream?: number;
  /** False: the worker only listens, whatever it sends. */
  readonly speaks: boolean;
  /** The higher speaks first. */
  readonly priority: number;
  readonly bargeIn: BargeInPolicy;
  /** Length of the replies that come at the pace of speech: as much goes out in one write. */
  readonly replyMs: number;
  /** Whether the worker is told that what it streamed has been played; of whole pieces it is told in any case. */
  readonly tellsPlayed: boolean;
  /** Some of the worker's audio is given to ACS. */
  readonly onSent?: () => void;
  /** To be told to the worker. */
  readonly onEvent: (event: Extract<CallEvent, { type: 'interrupted' | 'played' }>) => void;
}

/** What is done with a voice, for all the voices of a call. */
export interface VoiceHost {
  isSpeaking(voice: Voice): boolean;
  speak(voice: Voice, pcm: Uint8Array, kind: SpeechKind, turn: number | undefined): SpeakOutcome;
  stop(voice: Voice): StopOutcome;
  leave(voice: Voice): void;
}

export class Voice implements FloorMember {
  readonly options: VoiceOptions;
  readonly turns: TurnFilter;
  readonly bargeIn: BargeIn;
  readonly held: PlayoutQueue;
  readonly #host: VoiceHost;
  readonly #format: AudioFormat;
  /** Silence goes ahead of what waits. */
  isFillerDue = false;
  /** The last audio was streamed. */
  isStreaming = false;
  /** Milliseconds heard of what is being said, before it had to make way for another voice. */
  heardBeforeMs = 0;
  /** The worker waits to hear that its audio has been played. */
  mustTellPlayed = false;

  constructor(host: VoiceHost, format: AudioFormat, options: VoiceOptions, endLatencyMs: number) {
    this.#host = host;
    this.#format = format;
    this.options = options;
    this.turns = new TurnFilter(options.stream);
    this.bargeIn = new BargeIn(options.bargeIn, endLatencyMs);
    const maxBytes = msToBytes(format, MAX_HELD_MS);
    this.held = new PlayoutQueue({ maxBytes, maxPieces: maxBytes / AUDIO_FORMATS[format].frameBytes });
  }

  get priority(): number {
    return this.options.priority;
  }

  /** The turn that the worker's audio belongs to now. */
  get turn(): number {
    return this.turns.turn;
  }

  get heldMs(): number {
    return bytesToMs(this.#format, this.held.bytes);
  }

  /** It has something to say that has not been heard to its end. */
  get isSpeaking(): boolean {
    return this.#host.isSpeaking(this);
  }

  /** Gives PCM16 in the call's format to be played; the array may be used again afterwards. `turn` absent: the present one. */
  speak(pcm: Uint8Array, kind: SpeechKind, turn?: number): SpeakOutcome {
    return this.#host.speak(this, pcm, kind, turn);
  }

  /** Drops what the worker has said and what has not been heard. */
  stop(): StopOutcome {
    return this.#host.stop(this);
  }

  /** The worker has left the call: what it has said is dropped. Idempotent. */
  leave(): void {
    this.#host.leave(this);
  }

  /** Takes audio to be played. False when too much waits already. `isNext`: nothing that was said before waits anywhere. */
  take(pcm: Uint8Array, kind: SpeechKind, isNext: boolean): boolean {
    if (!this.held.push(pcm)) return false;
    this.isStreaming = kind === 'streamed';
    if (isNext) this.isFillerDue = this.isStreaming;
    this.mustTellPlayed ||= this.options.tellsPlayed || kind === 'whole';
    return true;
  }

  /** Forgets what waits; answers how many bytes that were. */
  drop(): number {
    this.bargeIn.reset();
    this.isFillerDue = false;
    this.mustTellPlayed = false;
    this.heardBeforeMs = 0;
    return this.held.clear();
  }
}
