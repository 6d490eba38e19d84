/**
 * Decides which worker of a call may speak now, and sends its audio to ACS just ahead of real time. One worker has
 * the floor. It keeps it until everything it said has been heard, until it makes way for another, or until it is
 * silenced. Nothing here waits: time is a parameter, and `dueMs` says when `goOn` has something to do.
 *
 * When ACS has nothing left to play, `fillerMs` of silence goes ahead of a streamed reply in the same write, so that
 * the next reply may be late by as much without a gap.
 */
import { AUDIO_FORMATS, type AudioFormat, bytesToMs, FRAME_MS } from '../../shared/audio/audio-format.ts';
import { sendableInMs, sendableMs } from '../audio/playout-pace.ts';
import type { AudioOutput } from './audio-output.ts';
import { Floor } from './floor.ts';
import { PlayoutWindow } from './playout-window.ts';
import type { PacketMark, RefusalReason, SpeechKind, WorkerPlayout } from './worker-playout.ts';

/** Longest time that a worker speaks while another of the same priority waits; the rest comes after that one. */
const MAX_FLOOR_MS = 60_000;
/** Bytes that may wait in the socket; the relay adds no audio to more. */
const MAX_SOCKET_BUFFER_BYTES = 1024 * 1024;

interface PlayoutSchedulerOptions {
  readonly format: AudioFormat;
  readonly output: AudioOutput;
  /** Silence ahead of a streamed reply, rounded up to whole frames. */
  readonly fillerMs: number;
  /** Audio that ACS gets ahead of its time, besides filler. */
  readonly leadMs: number;
  /** A worker loses the floor to one of higher priority, which begins when this returns. */
  readonly onFloorLost: (loser: WorkerPlayout, nowMs: number) => void;
}

type EnterOutcome = 'taken' | RefusalReason;

interface PlayoutCounts {
  /** Audio that ACS was given, filler included. */
  readonly bytesOut: number;
  readonly fillerBytesOut: number;
  /** Audio that was not played because a worker ran too far ahead or ACS took nothing any more. */
  readonly bytesDropped: number;
  /** Audio that was silenced before it was heard. */
  readonly bytesCut: number;
  readonly stopAudioSent: number;
}

export class PlayoutScheduler {
  readonly #options: PlayoutSchedulerOptions;
  readonly #window: PlayoutWindow;
  readonly #filler: Uint8Array;
  readonly #fillerMs: number;
  readonly #floor = new Floor<WorkerPlayout>();
  /** When the holder got the floor. */
  #begunMs = 0;
  #bytesCut = 0;
  #bytesDropped = 0;
  #stopAudioSent = 0;
  /** ACS holds nothing: nothing was sent since the last StopAudio. Before the first, it may hold what a stream left. */
  #isEmptied = false;

  constructor(options: PlayoutSchedulerOptions) {
    const { format, fillerMs } = options;
    this.#options = options;
    this.#window = new PlayoutWindow(format);
    this.#filler = new Uint8Array(Math.ceil(fillerMs / FRAME_MS) * AUDIO_FORMATS[format].frameBytes);
    this.#fillerMs = bytesToMs(format, this.#filler.byteLength);
  }

  /** The worker that has the floor. */
  get holder(): WorkerPlayout | undefined {
    return this.#floor.holder;
  }

  get counts(): PlayoutCounts {
    const { bytesOut, fillerBytesOut } = this.#window;
    return {
      bytesOut,
      fillerBytesOut,
      bytesDropped: this.#bytesDropped,
      bytesCut: this.#bytesCut,
      stopAudioSent: this.#stopAudioSent,
    };
  }

  /** The worker has something to say that has not been heard to its end. */
  isSpeaking(worker: WorkerPlayout, nowMs: number): boolean {
    return worker.heldBytes > 0 || (this.#floor.holder === worker && this.#window.queuedMs(nowMs) > 0);
  }

  /** The worker says something. It is heard at once, or waits for the floor. */
  enter(
    worker: WorkerPlayout,
    pcm: Uint8Array,
    kind: SpeechKind,
    nowMs: number,
    packet?: PacketMark,
  ): EnterOutcome {
    const outcome = this.#isSocketFull()
      ? 'socket is full'
      : worker.push(pcm, kind, !this.isSpeaking(worker, nowMs));
    if (outcome !== 'taken') {
      this.#bytesDropped += pcm.byteLength;
      worker.refused(outcome, packet);
      return outcome;
    }
    const before = this.#floor.holder;
    const answer = this.#floor.request(worker);
    switch (answer.type) {
      case 'granted':
        if (before === worker) this.#send(worker, nowMs);
        else this.#begin(worker, nowMs);
        break;
      case 'interrupts':
        this.#options.onFloorLost(answer.loser, nowMs);
        this.#begin(worker, nowMs);
        break;
      case 'waits':
        break;
    }
    // Most often all of it has left by now.
    worker.own();
    return 'taken';
  }

  /** The worker has nothing to say any more: the next one begins. */
  exit(worker: WorkerPlayout, nowMs: number): void {
    const next = this.#floor.release(worker);
    if (next !== undefined) this.#begin(next, nowMs);
  }

  /**
   * Drops what the worker said and nobody heard; returns how many milliseconds of it were heard.
   * @param wasHeard it has the floor, or has just lost it
   */
  silence(worker: WorkerPlayout, nowMs: number, wasHeard = this.#floor.holder === worker): number {
    const heardMs = this.#heardMs(worker, wasHeard, nowMs);
    this.#bytesCut += worker.drop();
    if (wasHeard && this.#window.mayHoldAudio) {
      for (const { byteLength } of this.#stopAudio(nowMs)) this.#bytesCut += byteLength;
    }
    return heardMs;
  }

  /**
   * Empties ACS when nobody has the floor: the end of playout is an estimate, so it may still hold something. Once it
   * is empty there is nothing to write, however often a worker stops.
   */
  stopLeftover(nowMs: number): void {
    if (this.#floor.holder === undefined && !this.#isEmptied) this.#stopAudio(nowMs);
  }

  /** The stream is over: what the worker could not say is not heard. */
  close(worker: WorkerPlayout): void {
    this.#bytesCut += worker.drop();
    worker.tellMarks('stopped');
  }

  /** What nobody heard of the worker comes back, to be heard later. */
  pause(worker: WorkerPlayout, nowMs: number): void {
    if (this.#floor.holder === worker && this.#window.mayHoldAudio) worker.putBack(this.#stopAudio(nowMs));
  }

  /** A pause is over. */
  resume(worker: WorkerPlayout, nowMs: number): void {
    if (this.#floor.holder === worker) this.#send(worker, nowMs);
  }

  /** Does what is due. */
  goOn(nowMs: number): void {
    const { holder } = this.#floor;
    if (holder === undefined || holder.bargeIn.isPaused) return;
    if (!this.isSpeaking(holder, nowMs)) this.#finish(holder, nowMs);
    else if (this.#mustMakeWay(nowMs) && this.#window.queuedMs(nowMs) === 0) this.#makeWay(holder, nowMs);
    else this.#send(holder, nowMs);
  }

  /** When something is due next; undefined while nothing is. */
  dueMs(nowMs: number): number | undefined {
    const { holder } = this.#floor;
    if (holder === undefined || holder.bargeIn.isPaused) return undefined;
    const { heldMs } = holder;
    // Nothing more leaves: the next thing to happen is the end of playout, when the floor is free.
    if (heldMs === 0 || this.#mustMakeWay(nowMs)) return Math.max(nowMs, this.#window.endMs);
    const queuedMs = this.#window.queuedMs(nowMs);
    return nowMs + sendableInMs({ heldMs, queuedMs, leadMs: this.#leadOf(holder) });
  }

  #begin(worker: WorkerPlayout, nowMs: number): void {
    this.#begunMs = nowMs;
    this.#window.beginCount(nowMs);
    this.#send(worker, nowMs);
  }

  /** Sends what is due of the worker with the floor. */
  #send(worker: WorkerPlayout, nowMs: number): void {
    const { heldMs } = worker;
    if (worker.bargeIn.isPaused || heldMs === 0 || this.#mustMakeWay(nowMs)) return;
    if (this.#isSocketFull()) {
      this.#bytesDropped += worker.drop();
      worker.refused('socket is full');
      worker.tellMarks('stopped');
      return;
    }
    const waitingMs = this.#window.queuedMs(nowMs);
    const withFiller = worker.isFillerDue && waitingMs === 0;
    const queuedMs = waitingMs + (withFiller ? this.#fillerMs : 0);
    const ms = sendableMs({ heldMs, queuedMs, leadMs: this.#leadOf(worker) });
    if (ms === 0) return;
    this.#isEmptied = false;
    const pcm = worker.take(ms);
    if (withFiller) this.#window.sent(this.#filler, 'filler', nowMs);
    this.#window.sent(pcm, 'audio', nowMs);
    this.#options.output.play(withFiller ? Buffer.concat([this.#filler, pcm]) : pcm);
    worker.options.onSent?.();
  }

  /** Empties ACS; returns the audio that nobody is going to hear. */
  #stopAudio(nowMs: number): readonly Uint8Array[] {
    this.#options.output.stopAudio();
    this.#isEmptied = true;
    this.#stopAudioSent += 1;
    return this.#window.stopped(nowMs).pieces;
  }

  #isSocketFull(): boolean {
    return this.#options.output.bufferedBytes() > MAX_SOCKET_BUFFER_BYTES;
  }

  #leadOf({ options, isStreaming }: WorkerPlayout): number {
    return Math.max(this.#options.leadMs, options.replyMs) + (isStreaming ? this.#fillerMs : 0);
  }

  #mustMakeWay(nowMs: number): boolean {
    return this.#floor.isContended && nowMs - this.#begunMs >= MAX_FLOOR_MS;
  }

  #makeWay(holder: WorkerPlayout, nowMs: number): void {
    holder.madeWay(this.#window.heardMs(nowMs));
    const next = this.#floor.makeWay(holder);
    if (next !== undefined) this.#begin(next, nowMs);
  }

  /** Everything that the holder of the floor said was heard. */
  #finish(worker: WorkerPlayout, nowMs: number): void {
    const playedMs = this.#heardMs(worker, true, nowMs);
    const mustTell = worker.mustTellPlayed && playedMs > 0;
    worker.drop();
    if (mustTell) worker.options.onEvent({ type: 'played', turn: worker.turn, playedMs });
    worker.tellMarks('played');
    this.exit(worker, nowMs);
  }

  #heardMs(worker: WorkerPlayout, isHolder: boolean, nowMs: number): number {
    return Math.round(worker.heardBeforeMs + (isHolder ? this.#window.heardMs(nowMs) : 0));
  }
}
