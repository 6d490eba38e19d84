/**
 * The way into the call: everything that is played goes through here. One worker has the floor at a time; what the others
 * say waits for it. Audio that comes at the pace of speech is passed on as it comes; what a worker delivers
 * ahead of it waits here and leaves in time (`playout-pace.ts`), so that it can be dropped or kept when the caller speaks.
 *
 * When ACS has nothing left to play, `jitterBufferMs` of silence goes ahead of a streamed reply in the same write: the next
 * reply may then be late by as much without a tear.
 */
import { type AudioFormat, bytesToMs } from '../../shared/audio/audio-format.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { TimerWheel } from '../base/timer-wheel.ts';
import type { SpeechListener } from '../listen/speech-bounds.ts';
import { SPEECH_END_LATENCY_MS } from '../listen/speech-detector.ts';
import type { MediaSocket } from '../session/media-socket.ts';
import type { BargeInAction } from './barge-in.ts';
import { BargeInSpeech } from './barge-in-speech.ts';
import { MediaOutlet } from './media-outlet.ts';
import { Stage } from './playout-scheduler.ts';
import {
  type SpeakOutcome,
  type SpeechKind,
  type StopOutcome,
  Voice,
  type VoiceHost,
  type VoiceOptions,
} from './worker-playout.ts';

export interface CallPlayoutOptions {
  readonly socket: MediaSocket;
  readonly format: AudioFormat;
  readonly jitterBufferMs: number;
  /** Audio that ACS is given ahead of its time, besides the silence of the jitter buffer. */
  readonly leadMs: number;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
}

export interface PlayoutReport {
  readonly audioMsOut: number;
  readonly audioMsFiller: number;
  readonly audioMsDropped: number;
  readonly stopAudioSent: number;
  readonly interruptions: number;
  readonly audioMsCut: number;
}

export class CallPlayout implements VoiceHost, SpeechListener {
  readonly #format: AudioFormat;
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  readonly #outlet: MediaOutlet;
  readonly #stage: Stage;
  readonly #voices = new Set<Voice>();
  readonly #speech = new BargeInSpeech();
  #isClosed = false;
  #wakeMs = Number.POSITIVE_INFINITY;
  #cancelWake = (): void => {};
  #bytesRefused = 0;
  #interruptions = 0;

  constructor({ socket, format, jitterBufferMs, leadMs, clock, wheel }: CallPlayoutOptions) {
    this.#format = format;
    this.#clock = clock;
    this.#wheel = wheel;
    this.#outlet = new MediaOutlet(socket, format, jitterBufferMs);
    this.#stage = new Stage({ format, outlet: this.#outlet, leadMs });
  }

  /** A worker is on the call. */
  join(options: VoiceOptions): Voice {
    const voice = new Voice(this, this.#format, options, SPEECH_END_LATENCY_MS);
    this.#voices.add(voice);
    return voice;
  }

  leave(voice: Voice): void {
    if (this.#voices.delete(voice) && !this.#isClosed) this.#silence(voice);
  }

  /** The worker has something to say that has not been heard to its end. */
  isSpeaking(voice: Voice): boolean {
    return this.#stage.isSpeaking(voice, this.#clock.elapsedMs());
  }

  speak(voice: Voice, pcm: Uint8Array, kind: SpeechKind, turn: number | undefined): SpeakOutcome {
    const outcome = this.#take(voice, pcm, kind, turn);
    if (outcome === 'playout is full' || outcome === 'socket is full') this.#bytesRefused += pcm.byteLength;
    return outcome;
  }

  stop(voice: Voice): StopOutcome {
    if (this.#isClosed || !this.#voices.has(voice)) return 'call has ended';
    if (!voice.options.speaks) return 'the worker only listens';
    // The end of playout is an estimate, so that ACS may still have something when nobody has the floor.
    if (this.#stage.holder === undefined) this.#outlet.stop(this.#clock.elapsedMs());
    this.#silence(voice);
    return 'stopped';
  }

  onSpeechStarted(ssrc: number): void {
    this.#speech.started(ssrc);
    const nowMs = this.#clock.elapsedMs();
    this.#bargeIn((voice) => voice.bargeIn.speechStarted(this.#stage.isSpeaking(voice, nowMs), nowMs));
  }

  onSpeechEnded(ssrc: number, _timestamp: number, durationMs: number): void {
    const spokenMs = this.#speech.ended(ssrc, durationMs);
    if (spokenMs !== undefined) this.#bargeIn((voice) => voice.bargeIn.speechEnded(spokenMs));
  }

  /** A key was pressed. */
  keyPressed(): void {
    const nowMs = this.#clock.elapsedMs();
    this.#bargeIn((voice) => voice.bargeIn.keyPressed(this.#stage.isSpeaking(voice, nowMs)));
  }

  /** Audio that waits for its time. */
  get heldBytes(): number {
    let bytes = 0;
    for (const { held } of this.#voices) bytes += held.bytes;
    return bytes;
  }

  /** Nothing is played from now on. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#cancelWake();
    for (const voice of this.#voices) this.#stage.close(voice);
  }

  report(): PlayoutReport {
    const ms = (bytes: number): number => Math.round(bytesToMs(this.#format, bytes));
    return {
      audioMsOut: ms(this.#outlet.bytesOut),
      audioMsFiller: ms(this.#outlet.fillerBytesOut),
      audioMsDropped: ms(this.#bytesRefused + this.#stage.bytesDropped),
      stopAudioSent: this.#outlet.stopAudioSent,
      interruptions: this.#interruptions,
      audioMsCut: ms(this.#stage.bytesCut),
    };
  }

  #take(voice: Voice, pcm: Uint8Array, kind: SpeechKind, turn: number | undefined): SpeakOutcome {
    if (this.#isClosed || !this.#voices.has(voice)) return 'call has ended';
    if (!voice.options.speaks) return 'the worker only listens';
    const verdict = voice.turns.judge(turn);
    if (verdict === 'old') return 'audio of an old turn';
    if (verdict === 'not begun') return 'audio of a turn that has not begun';
    if (this.#outlet.isFull) return 'socket is full';
    const nowMs = this.#clock.elapsedMs();
    if (!voice.take(pcm, kind, !this.#stage.isSpeaking(voice, nowMs))) return 'playout is full';
    this.#stage.enter(voice, nowMs, (loser) => this.#interrupt(loser, nowMs, true));
    this.#schedule();
    // Most often all of it has gone out by now.
    voice.held.own();
    return 'taken';
  }

  #bargeIn(ask: (voice: Voice) => BargeInAction): void {
    if (this.#isClosed) return;
    // The one with the floor comes last: passing the floor to one that is about to be interrupted itself would be heard.
    const { holder } = this.#stage;
    for (const voice of this.#voices) if (voice !== holder) this.#act(voice, ask(voice));
    if (holder !== undefined) this.#act(holder, ask(holder));
    this.#schedule();
  }

  #act(voice: Voice, action: BargeInAction): void {
    const nowMs = this.#clock.elapsedMs();
    switch (action) {
      case 'none':
        break;
      case 'interrupt':
        this.#interrupt(voice, nowMs, this.#stage.holder === voice);
        this.#stage.exit(voice, nowMs);
        break;
      case 'pause':
        this.#stage.pause(voice, nowMs);
        break;
      case 'resume':
        this.#stage.resume(voice, nowMs);
        break;
    }
  }

  /** What the voice says is over for good, and its turn with it; the floor is left as it is. */
  #interrupt(voice: Voice, nowMs: number, wasHeard: boolean): void {
    const playedMs = this.#stage.silence(voice, nowMs, wasHeard);
    this.#interruptions += 1;
    voice.options.onEvent({ type: 'interrupted', turn: voice.turns.next(), playedMs });
  }

  #silence(voice: Voice): void {
    const nowMs = this.#clock.elapsedMs();
    this.#stage.silence(voice, nowMs);
    this.#stage.exit(voice, nowMs);
    this.#schedule();
  }

  /** Wakes at the next moment at which something is to be done, unless it wakes before that anyway. */
  #schedule(): void {
    let atMs = this.#stage.dueMs(this.#clock.elapsedMs()) ?? Number.POSITIVE_INFINITY;
    for (const { bargeIn } of this.#voices) atMs = Math.min(atMs, bargeIn.deadlineMs ?? atMs);
    if (this.#isClosed || atMs >= this.#wakeMs) return;
    this.#cancelWake();
    this.#wakeMs = atMs;
    this.#cancelWake = this.#wheel.at(atMs, () => this.#wake());
  }

  #wake(): void {
    this.#wakeMs = Number.POSITIVE_INFINITY;
    if (this.#isClosed) return;
    const nowMs = this.#clock.elapsedMs();
    this.#bargeIn((voice) => voice.bargeIn.passed(nowMs));
    this.#stage.goOn(nowMs);
    this.#schedule();
  }
}
