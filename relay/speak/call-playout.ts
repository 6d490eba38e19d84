/**
 * Everything that is played into a call goes through here: what the workers say, and what happens to it when somebody
 * on the call speaks or presses a key. One worker has the floor at a time (`playout-scheduler.ts`). Audio that comes
 * at the pace of speech goes out as it comes. What a worker delivers ahead of that waits here and leaves in time
 * (`audio/playout-pace.ts`), so that it can be dropped or kept when the caller speaks.
 */
import { type AudioFormat, bytesToMs } from '../../shared/audio/audio-format.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { HeldAudio } from '../audio/held-audio.ts';
import type { TimerWheel } from '../base/timer-wheel.ts';
import type { SpeechListener } from '../listen/speech-bounds.ts';
import { SPEECH_END_LATENCY_MS } from '../listen/speech-detector.ts';
import type { AudioOutput } from './audio-output.ts';
import { type BargeInAction, BargeInSpeech } from './barge-in.ts';
import { PlayoutScheduler } from './playout-scheduler.ts';
import {
  type PacketMark,
  type SpeechKind,
  WorkerPlayout,
  type WorkerPlayoutOptions,
} from './worker-playout.ts';

/** What happened to a piece of audio: taken to be played, or the reason why not. */
type PlayOutcome =
  | ReturnType<PlayoutScheduler['enter']>
  | 'call has ended'
  | 'the worker only listens'
  | 'audio of an old turn'
  | 'audio of a turn that has not begun';

type StopOutcome = Extract<PlayOutcome, 'call has ended' | 'the worker only listens'> | 'stopped';

type MarkOutcome = 'call has ended' | 'too many marks' | 'marked';
type MarkData = Parameters<WorkerPlayout['mark']>[0];

interface CallPlayoutOptions {
  readonly output: AudioOutput;
  readonly format: AudioFormat;
  readonly jitterBufferMs: number;
  /** Audio that ACS gets ahead of its time, besides the silence of the jitter buffer. */
  readonly leadMs: number;
  /** Whether frames that should have come have not, so that nobody knows who speaks. Defaults to never. */
  readonly isHeldUp?: () => boolean;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** What waits of all calls. Defaults to that of this call. */
  readonly held?: HeldAudio | undefined;
}

export interface PlayoutReport {
  /** Audio to ACS, filler included. */
  readonly audioMsOut: number;
  /** Of that, the silence of the jitter buffer. */
  readonly audioMsFiller: number;
  /** Audio of workers that was not played because a worker ran too far ahead or ACS did not take it. */
  readonly audioMsDropped: number;
  readonly stopAudioSent: number;
  /** Times that a worker was interrupted, by the caller or by a worker of higher priority. */
  readonly interruptions: number;
  /**
   * Audio that was interrupted or stopped before it was heard, or that ACS had not been given when the stream ended.
   * What ACS had and had not played by then (`leadMs` at most) is not in it: nobody says whether ACS plays it.
   */
  readonly audioMsCut: number;
}

export class CallPlayout implements SpeechListener {
  readonly #format: AudioFormat;
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  readonly #scheduler: PlayoutScheduler;
  readonly #held: HeldAudio;
  readonly #isHeldUp: () => boolean;
  readonly #workers = new Set<WorkerPlayout>();
  readonly #speech = new BargeInSpeech();
  #isClosed = false;
  #wakeMs = Number.POSITIVE_INFINITY;
  #cancelWake = (): void => {};
  #interruptions = 0;

  constructor(options: CallPlayoutOptions) {
    const { output, format, jitterBufferMs, leadMs, isHeldUp = () => false, clock, wheel, held } = options;
    this.#isHeldUp = isHeldUp;
    this.#held = held ?? new HeldAudio();
    this.#format = format;
    this.#clock = clock;
    this.#wheel = wheel;
    this.#scheduler = new PlayoutScheduler({
      format,
      output,
      fillerMs: jitterBufferMs,
      leadMs,
      onFloorLost: (loser, nowMs) => this.#interrupt(loser, nowMs, true),
    });
  }

  /** A worker comes to the call. */
  join(options: WorkerPlayoutOptions): WorkerPlayout {
    const worker = new WorkerPlayout(this.#format, options, SPEECH_END_LATENCY_MS, this.#held);
    this.#workers.add(worker);
    return worker;
  }

  /** The worker has left the call: drops what it said. Idempotent. */
  leave(worker: WorkerPlayout): void {
    worker.dropMarks();
    if (this.#workers.delete(worker) && !this.#isClosed) this.#silence(worker);
  }

  /** The worker has something to say that has not been heard to its end. */
  isSpeaking(worker: WorkerPlayout): boolean {
    return this.#scheduler.isSpeaking(worker, this.#clock.elapsedMs());
  }

  /**
   * Plays PCM16 in the call's format; the caller may reuse the memory afterwards.
   * @param turn the turn that the audio answers; undefined: the present one
   * @param packet undefined for audio that came in no packet
   */
  play(
    worker: WorkerPlayout,
    pcm: Uint8Array,
    kind: SpeechKind,
    turn?: number,
    packet?: PacketMark,
  ): PlayOutcome {
    if (this.#isClosed || !this.#workers.has(worker)) return 'call has ended';
    if (!worker.options.speaks) return 'the worker only listens';
    const verdict = worker.turns.judge(turn);
    if (verdict === 'old') return 'audio of an old turn';
    if (verdict === 'not begun') return 'audio of a turn that has not begun';
    const nowMs = this.#clock.elapsedMs();
    const outcome = this.#scheduler.enter(worker, pcm, kind, nowMs, packet);
    if (outcome === 'taken') this.#schedule(nowMs);
    return outcome;
  }

  /** Drops what the worker said and nobody has heard. */
  stop(worker: WorkerPlayout): StopOutcome {
    if (this.#isClosed || !this.#workers.has(worker)) return 'call has ended';
    if (!worker.options.speaks) return 'the worker only listens';
    this.#scheduler.stopLeftover(this.#clock.elapsedMs());
    this.#silence(worker);
    worker.tellMarks('stopped');
    return 'stopped';
  }

  /**
   * The worker hears once, as `marked`, when all that it has said was heard, or will not be: at once where it says
   * nothing at the moment.
   * @param turn the turn in which it was said; undefined: the present one
   */
  mark(worker: WorkerPlayout, data: MarkData, turn?: number): MarkOutcome {
    if (this.#isClosed || !this.#workers.has(worker)) return 'call has ended';
    if (worker.turns.judge(turn) !== 'current') {
      // What it stands behind was dropped for the same reason.
      worker.options.onEvent({ type: 'marked', outcome: 'interrupted', data });
      return 'marked';
    }
    if (!worker.mark(data)) return 'too many marks';
    if (!this.isSpeaking(worker)) worker.tellMarks('played');
    return 'marked';
  }

  onSpeechStarted(ssrc: number): void {
    this.#speech.started(ssrc);
    const nowMs = this.#clock.elapsedMs();
    this.#bargeIn((worker) => worker.bargeIn.speechStarted(this.#scheduler.isSpeaking(worker, nowMs), nowMs));
  }

  onSpeechEnded(ssrc: number, _timestamp: number, durationMs: number): void {
    const spokenMs = this.#speech.ended(ssrc, durationMs);
    if (spokenMs !== undefined) this.#bargeIn((worker) => worker.bargeIn.speechEnded(spokenMs));
  }

  /** Somebody pressed a key. */
  keyPressed(): void {
    const nowMs = this.#clock.elapsedMs();
    this.#bargeIn((worker) => worker.bargeIn.keyPressed(this.#scheduler.isSpeaking(worker, nowMs)));
  }

  /** Audio that waits for its time. */
  get heldBytes(): number {
    let bytes = 0;
    for (const { heldBytes } of this.#workers) bytes += heldBytes;
    return bytes;
  }

  /** Plays nothing from now on. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#cancelWake();
    for (const worker of this.#workers) this.#scheduler.close(worker);
  }

  report(): PlayoutReport {
    const ms = (bytes: number): number => Math.round(bytesToMs(this.#format, bytes));
    const { bytesOut, fillerBytesOut, bytesDropped, bytesCut, stopAudioSent } = this.#scheduler.counts;
    return {
      audioMsOut: ms(bytesOut),
      audioMsFiller: ms(fillerBytesOut),
      audioMsDropped: ms(bytesDropped),
      stopAudioSent,
      interruptions: this.#interruptions,
      audioMsCut: ms(bytesCut),
    };
  }

  #bargeIn(ask: (worker: WorkerPlayout) => BargeInAction): void {
    if (this.#isClosed) return;
    const nowMs = this.#clock.elapsedMs();
    // The holder of the floor comes last: otherwise one that is about to be interrupted itself would be heard briefly.
    const { holder } = this.#scheduler;
    for (const worker of this.#workers) if (worker !== holder) this.#act(worker, ask(worker), nowMs);
    if (holder !== undefined) this.#act(holder, ask(holder), nowMs);
    this.#schedule(nowMs);
  }

  #act(worker: WorkerPlayout, action: BargeInAction, nowMs: number): void {
    switch (action) {
      case 'none':
        break;
      case 'interrupt':
        this.#interrupt(worker, nowMs, this.#scheduler.holder === worker);
        this.#scheduler.exit(worker, nowMs);
        break;
      case 'pause':
        this.#scheduler.pause(worker, nowMs);
        break;
      case 'resume':
        this.#scheduler.resume(worker, nowMs);
        break;
    }
  }

  /** What the worker says is over for good, and its turn with it; the floor stays as it is. */
  #interrupt(worker: WorkerPlayout, nowMs: number, wasHeard: boolean): void {
    const playedMs = this.#scheduler.silence(worker, nowMs, wasHeard);
    this.#interruptions += 1;
    worker.options.onEvent({ type: 'interrupted', turn: worker.turns.next(), playedMs });
    worker.tellMarks('interrupted');
  }

  #silence(worker: WorkerPlayout): void {
    const nowMs = this.#clock.elapsedMs();
    this.#scheduler.silence(worker, nowMs);
    this.#scheduler.exit(worker, nowMs);
    this.#schedule(nowMs);
  }

  /** Wakes at the next moment at which there is something to do, unless it wakes before that anyway. */
  #schedule(nowMs: number): void {
    let atMs = this.#scheduler.dueMs(nowMs) ?? Number.POSITIVE_INFINITY;
    for (const { bargeIn } of this.#workers) atMs = Math.min(atMs, bargeIn.deadlineMs ?? atMs);
    if (this.#isClosed || atMs >= this.#wakeMs) return;
    this.#cancelWake();
    this.#wakeMs = atMs;
    this.#cancelWake = this.#wheel.at(atMs, () => this.#wake());
  }

  #wake(): void {
    this.#wakeMs = Number.POSITIVE_INFINITY;
    if (this.#isClosed) return;
    const nowMs = this.#clock.elapsedMs();
    this.#bargeIn((worker) => worker.bargeIn.passed(nowMs, this.#isHeldUp()));
    this.#scheduler.goOn(nowMs);
    this.#schedule(nowMs);
  }
}
