/** What one worker has said that has not left yet: its queue, its turn, and how it may be interrupted. */
import { AUDIO_FORMATS, type AudioFormat, bytesToMs, msToBytes } from '../../shared/audio/audio-format.ts';
import { type BargeInPolicy, LONGEST_SPEECH_MS } from '../../shared/call/plan.ts';
import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import { HeldAudio } from '../audio/held-audio.ts';
import { BargeIn } from './barge-in.ts';
import type { FloorMember } from './floor.ts';
import { PlayoutQueue } from './playout-queue.ts';
import { TurnFilter } from './turn-filter.ts';

/** Marks that may wait until the worker has been heard. */
const MAX_MARKS = 16;

/** `streamed`: more follows without a gap, so it deserves a jitter buffer. */
export type SpeechKind = 'streamed' | 'whole';

export interface WorkerPlayoutOptions {
  /** How many streams the call has had before this one. Defaults to 0. */
  readonly stream?: number;
  /** False: the worker only listens, and whatever it sends is ignored. */
  readonly speaks: boolean;
  /** The higher speaks first. */
  readonly priority: number;
  readonly bargeIn: BargeInPolicy;
  /** Length of replies that come at the pace of speech: ACS gets so much in one write. */
  readonly replyMs: number;
  /** Whether the worker hears that its streamed audio has been played; it always hears it of whole pieces. */
  readonly tellsPlayed: boolean;
  /** Some of the worker's audio goes to ACS. */
  readonly onSent?: () => void;
  /** An event for the worker. */
  readonly onEvent: (
    event: Extract<LaneEvent, { type: 'interrupted' | 'played' | 'marked' | 'refused' }>,
  ) => void;
}

/** What tells an RTP packet of a worker from its others. */
export interface PacketMark {
  readonly number: number;
  /** The first that its handler says. */
  readonly isFirst: boolean;
}

export type RefusalReason = Exclude<ReturnType<PlayoutQueue['push']>, 'taken'> | 'socket is full';

type Marked = Extract<LaneEvent, { type: 'marked' }>;

export class WorkerPlayout implements FloorMember {
  readonly options: WorkerPlayoutOptions;
  readonly turns: TurnFilter;
  readonly bargeIn: BargeIn;
  readonly #format: AudioFormat;
  readonly #queue: PlayoutQueue;
  #isFillerDue = false;
  #isStreaming = false;
  #heardBeforeMs = 0;
  #mustTellPlayed = false;
  #marks: Marked['data'][] = [];
  /** The worker knows that its audio is dropped. */
  #knowsRefusal = false;

  /**
   * @param endLatencyMs how long after the last sample of speech its end is known at the latest
   * @param held what waits of all calls
   */
  constructor(
    format: AudioFormat,
    options: WorkerPlayoutOptions,
    endLatencyMs: number,
    held = new HeldAudio(),
  ) {
    this.#format = format;
    this.options = options;
    this.turns = new TurnFilter(options.stream);
    this.bargeIn = new BargeIn(options.bargeIn, endLatencyMs);
    const maxBytes = msToBytes(format, LONGEST_SPEECH_MS);
    const maxPieces = maxBytes / AUDIO_FORMATS[format].frameBytes;
    this.#queue = new PlayoutQueue({ maxBytes, maxPieces, held });
  }

  get priority(): number {
    return this.options.priority;
  }

  /** The turn to which the worker's audio belongs now. */
  get turn(): number {
    return this.turns.turn;
  }

  get heldBytes(): number {
    return this.#queue.bytes;
  }

  get heldMs(): number {
    return bytesToMs(this.#format, this.#queue.bytes);
  }

  /** Silence goes ahead of what waits. */
  get isFillerDue(): boolean {
    return this.#isFillerDue;
  }

  /** The last audio was streamed. */
  get isStreaming(): boolean {
    return this.#isStreaming;
  }

  /** Milliseconds of what the worker is saying that were heard before it made way for another worker. */
  get heardBeforeMs(): number {
    return this.#heardBeforeMs;
  }

  /** The worker waits to hear that its audio has been played. */
  get mustTellPlayed(): boolean {
    return this.#mustTellPlayed;
  }

  /** Takes audio unless too much waits already. `isNext`: nothing that the worker said before waits anywhere. */
  push(pcm: Uint8Array, kind: SpeechKind, isNext: boolean): ReturnType<PlayoutQueue['push']> {
    const outcome = this.#queue.push(pcm);
    if (outcome !== 'taken') return outcome;
    this.#knowsRefusal = false;
    this.#isStreaming = kind === 'streamed';
    if (isNext) this.#isFillerDue = this.#isStreaming;
    this.#mustTellPlayed ||= this.options.tellsPlayed || kind === 'whole';
    return 'taken';
  }

  /**
   * Audio of the worker was dropped: it hears of the first of a run, and of the first of each handler in it.
   * @param packet undefined for audio that came in no packet
   */
  refused(reason: RefusalReason, packet?: PacketMark): void {
    if (this.#knowsRefusal && packet?.isFirst !== true) return;
    this.#knowsRefusal = true;
    this.options.onEvent({
      type: 'refused',
      reason,
      heldMs: Math.round(this.heldMs),
      // While ACS takes nothing, no more may wait.
      maxMs: reason === 'socket is full' ? 0 : Math.floor(bytesToMs(this.#format, this.#queue.limitBytes)),
      ...(packet === undefined ? {} : { number: packet.number }),
    });
  }

  /** Keeps a mark until `tellMarks`. Returns false when too many wait. */
  mark(data: Marked['data']): boolean {
    if (this.#marks.length >= MAX_MARKS) return false;
    this.#marks.push(data);
    return true;
  }

  /** Answers every mark. */
  tellMarks(outcome: Marked['outcome']): void {
    const marks = this.#marks;
    this.#marks = [];
    for (const data of marks) this.options.onEvent({ type: 'marked', outcome, data });
  }

  /** Forgets every mark: there is no worker to be answered. */
  dropMarks(): void {
    this.#marks = [];
  }

  /** Copies what is left of the audio that was pushed last, so that its owner may reuse the memory. */
  own(): void {
    this.#queue.own();
  }

  /** Hands out the next `ms` milliseconds, which then leave the relay; filler is no longer due. */
  take(ms: number): Uint8Array {
    this.#isFillerDue = false;
    return this.#queue.take(ms === this.heldMs ? this.#queue.bytes : msToBytes(this.#format, ms));
  }

  /** Takes back what left and was not heard, ahead of everything else. */
  putBack(pieces: readonly Uint8Array[]): void {
    this.#queue.putBack(pieces);
  }

  /** The worker makes way for another; `ms` more milliseconds of it were heard. */
  madeWay(ms: number): void {
    this.#heardBeforeMs += ms;
  }

  /** Forgets what waits; returns how many bytes that were. */
  drop(): number {
    this.bargeIn.reset();
    this.#isFillerDue = false;
    this.#mustTellPlayed = false;
    this.#heardBeforeMs = 0;
    return this.#queue.clear();
  }
}
