/**
 * The way into the call: everything that is played goes through here. One worker has the floor at a time; what the others
 * say waits for it. Audio that comes at the pace of speech is passed on as it comes; what a worker delivers
 * ahead of it waits here and leaves in time (`playout-pace.ts`), so that it can be dropped or kept when the caller speaks.
 *
 * When ACS has nothing left to play, `jitterBufferMs` of silence goes ahead of a streamed reply in the same write: the next
 * reply may then be late by as much without a tear.
 */
import { type AudioFormat, bytesToMs, msToBytes } from '../shared/core/audio-format.ts';
import type { BargeInAction } from '../shared/core/barge-in.ts';
import { BargeInSpeech } from '../shared/core/barge-in-speech.ts';
import { Floor } from '../shared/core/floor.ts';
import { sendableInMs, sendableMs } from '../shared/core/playout-pace.ts';
import type { Clock } from './clock.ts';
import { SPEECH_END_LATENCY_MS } from './listening/listening.ts';
import type { SpeechListener } from './listening/speech-events.ts';
import type { MediaSocket } from './media-socket.ts';
import { MediaOutlet } from './speaking/media-outlet.ts';
import type { TimerWheel } from './speaking/timer-wheel.ts';
import {
  type SpeakOutcome,
  type SpeechKind,
  type StopOutcome,
  Voice,
  type VoiceHost,
  type VoiceOptions,
} from './speaking/voice.ts';

/** Longest time that a worker speaks while another of the same priority waits; what it has left comes after that one. */
export const MAX_FLOOR_MS = 60_000;

export interface SpeakerOptions {
  readonly socket: MediaSocket;
  readonly format: AudioFormat;
  readonly jitterBufferMs: number;
  /** Audio that ACS is given ahead of its time, besides the silence of the jitter buffer. */
  readonly leadMs: number;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
}

export interface SpeakerReport {
  readonly audioMsOut: number;
  readonly audioMsDropped: number;
  readonly stopAudioSent: number;
  readonly interruptions: number;
  readonly audioMsCut: number;
}

export class Speaker implements VoiceHost, SpeechListener {
  readonly #format: AudioFormat;
  readonly #leadMs: number;
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  readonly #outlet: MediaOutlet;
  readonly #floor = new Floor<Voice>();
  readonly #voices = new Set<Voice>();
  readonly #speech = new BargeInSpeech();
  #isClosed = false;
  /** When the one that has the floor was given it. */
  #begunMs = 0;
  #wakeMs = Number.POSITIVE_INFINITY;
  #cancelWake = (): void => {};
  #bytesDropped = 0;
  #bytesCut = 0;
  #interruptions = 0;

  constructor(options: SpeakerOptions) {
    this.#format = options.format;
    this.#leadMs = options.leadMs;
    this.#clock = options.clock;
    this.#wheel = options.wheel;
    this.#outlet = new MediaOutlet(options.socket, options.format, options.jitterBufferMs);
  }

  /** A worker is on the call. */
  join(options: VoiceOptions): Voice {
    const voice = new Voice(this, this.#format, options, SPEECH_END_LATENCY_MS);
    this.#voices.add(voice);
    return voice;
  }

  leave(voice: Voice): void {
    if (!this.#voices.delete(voice) || this.#isClosed) return;
    this.#silence(voice, this.#clock.elapsedMs());
    this.#passOn(voice);
    this.#schedule();
  }

  speak(voice: Voice, pcm: Uint8Array, kind: SpeechKind, turn: number | undefined): SpeakOutcome {
    const outcome = this.#take(voice, pcm, kind, turn);
    if (outcome === 'playout is full' || outcome === 'socket is full') this.#bytesDropped += pcm.byteLength;
    return outcome;
  }

  stop(voice: Voice): StopOutcome {
    if (this.#isClosed || !this.#voices.has(voice)) return 'call has ended';
    if (!voice.options.speaks) return 'the worker only listens';
    const nowMs = this.#clock.elapsedMs();
    // The end of playout is an estimate, so that ACS may still have something when nobody has the floor.
    if (this.#floor.holder === undefined) this.#outlet.stop(nowMs);
    this.#silence(voice, nowMs);
    this.#passOn(voice);
    this.#schedule();
    return 'stopped';
  }

  onSpeechStarted(ssrc: number): void {
    this.#speech.started(ssrc);
    const nowMs = this.#clock.elapsedMs();
    this.#bargeIn((voice) => voice.bargeIn.speechStarted(this.#isSpeaking(voice, nowMs), nowMs));
  }

  onSpeechEnded(ssrc: number, _timestamp: number, durationMs: number): void {
    const spokenMs = this.#speech.ended(ssrc, durationMs);
    if (spokenMs !== undefined) this.#bargeIn((voice) => voice.bargeIn.speechEnded(spokenMs));
  }

  /** A key was pressed. */
  keyPressed(): void {
    const nowMs = this.#clock.elapsedMs();
    this.#bargeIn((voice) => voice.bargeIn.keyPressed(this.#isSpeaking(voice, nowMs)));
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
    for (const voice of this.#voices) voice.drop();
  }

  report(): SpeakerReport {
    const ms = (bytes: number): number => Math.round(bytesToMs(this.#format, bytes));
    return {
      audioMsOut: ms(this.#outlet.bytesOut),
      audioMsDropped: ms(this.#bytesDropped),
      stopAudioSent: this.#outlet.stopAudioSent,
      interruptions: this.#interruptions,
      audioMsCut: ms(this.#bytesCut),
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
    if (!voice.take(pcm, kind, !this.#isSpeaking(voice, nowMs))) return 'playout is full';
    const before = this.#floor.holder;
    const answer = this.#floor.request(voice);
    switch (answer.type) {
      case 'granted':
        if (before === voice) this.#send(voice, nowMs);
        else this.#begin(voice, nowMs);
        break;
      case 'interrupts':
        this.#interrupt(answer.loser, nowMs, true);
        this.#begin(voice, nowMs);
        break;
      case 'waits':
        break;
    }
    this.#schedule();
    return 'taken';
  }

  #isSpeaking(voice: Voice, nowMs: number): boolean {
    return voice.held.bytes > 0 || (this.#floor.holder === voice && this.#outlet.queuedMs(nowMs) > 0);
  }

  #bargeIn(ask: (voice: Voice) => BargeInAction): void {
    if (this.#isClosed) return;
    // The one with the floor comes last: passing the floor to one that is about to be interrupted itself would be heard.
    const { holder } = this.#floor;
    for (const voice of this.#voices) if (voice !== holder) this.#act(voice, ask(voice));
    if (holder !== undefined) this.#act(holder, ask(holder));
    this.#schedule();
  }

  #act(voice: Voice, action: BargeInAction): void {
    const nowMs = this.#clock.elapsedMs();
    const isHolder = this.#floor.holder === voice;
    switch (action) {
      case 'none':
        break;
      case 'interrupt':
        this.#interrupt(voice, nowMs, isHolder);
        this.#passOn(voice);
        break;
      case 'pause':
        if (isHolder && !this.#outlet.isEmptied) voice.held.putBack(this.#outlet.stop(nowMs));
        break;
      case 'resume':
        if (isHolder) this.#send(voice, nowMs);
        break;
    }
  }

  /** What the voice says is over for good; the floor is left as it is. */
  #interrupt(voice: Voice, nowMs: number, wasHeard: boolean): void {
    const playedMs = this.#heardMs(voice, wasHeard, nowMs);
    this.#cut(voice, nowMs, wasHeard);
    this.#interruptions += 1;
    voice.options.onEvent({ type: 'interrupted', turn: voice.turns.next(), playedMs });
  }

  #silence(voice: Voice, nowMs: number): void {
    this.#cut(voice, nowMs, this.#floor.holder === voice);
  }

  #cut(voice: Voice, nowMs: number, wasHeard: boolean): void {
    this.#bytesCut += voice.drop();
    if (!wasHeard || this.#outlet.isEmptied) return;
    for (const { byteLength } of this.#outlet.stop(nowMs)) this.#bytesCut += byteLength;
  }

  /** The voice has no more to say: the next one begins. */
  #passOn(voice: Voice): void {
    const next = this.#floor.release(voice);
    if (next !== undefined) this.#begin(next, this.#clock.elapsedMs());
  }

  #begin(voice: Voice, nowMs: number): void {
    this.#begunMs = nowMs;
    this.#outlet.beginCount(nowMs);
    this.#send(voice, nowMs);
  }

  /** Sends what is due of the one that has the floor. */
  #send(voice: Voice, nowMs: number): void {
    if (voice.bargeIn.isPaused || voice.held.bytes === 0 || this.#mustMakeWay(nowMs)) return;
    if (this.#outlet.isFull) {
      this.#bytesDropped += voice.drop();
      return;
    }
    const withFiller = voice.isFillerDue && this.#outlet.queuedMs(nowMs) === 0;
    const { heldMs } = voice;
    const queuedMs = this.#outlet.queuedMs(nowMs) + (withFiller ? this.#outlet.fillerMs : 0);
    const ms = sendableMs({ heldMs, queuedMs, leadMs: this.#leadOf(voice) });
    if (ms === 0) return;
    voice.isFillerDue = false;
    const bytes = ms === heldMs ? voice.held.bytes : msToBytes(this.#format, ms);
    this.#outlet.play(voice.held.take(bytes), withFiller, nowMs);
  }

  #leadOf(voice: Voice): number {
    return Math.max(this.#leadMs, voice.options.replyMs) + (voice.isStreaming ? this.#outlet.fillerMs : 0);
  }

  /** Wakes at the next moment at which something is to be done, unless it wakes before that anyway. */
  #schedule(): void {
    const atMs = this.#nextWakeMs();
    if (this.#isClosed || atMs >= this.#wakeMs) return;
    this.#cancelWake();
    this.#wakeMs = atMs;
    this.#cancelWake = this.#wheel.at(atMs, () => this.#wake());
  }

  #nextWakeMs(): number {
    let atMs = Number.POSITIVE_INFINITY;
    for (const { bargeIn } of this.#voices) atMs = Math.min(atMs, bargeIn.deadlineMs ?? atMs);
    const { holder } = this.#floor;
    if (holder === undefined || holder.bargeIn.isPaused) return atMs;
    const nowMs = this.#clock.elapsedMs();
    const { heldMs } = holder;
    // Nothing more is sent: the next is the end of playout, when the floor is free.
    if (heldMs === 0 || this.#mustMakeWay(nowMs)) return Math.min(atMs, Math.max(nowMs, this.#outlet.endMs));
    const queuedMs = this.#outlet.queuedMs(nowMs);
    return Math.min(atMs, nowMs + sendableInMs({ heldMs, queuedMs, leadMs: this.#leadOf(holder) }));
  }

  #wake(): void {
    this.#wakeMs = Number.POSITIVE_INFINITY;
    if (this.#isClosed) return;
    const nowMs = this.#clock.elapsedMs();
    this.#bargeIn((voice) => voice.bargeIn.passed(nowMs));
    const { holder } = this.#floor;
    if (holder !== undefined && !holder.bargeIn.isPaused) this.#goOn(holder, nowMs);
    this.#schedule();
  }

  #goOn(holder: Voice, nowMs: number): void {
    if (!this.#isSpeaking(holder, nowMs)) this.#finish(holder, nowMs);
    else if (this.#mustMakeWay(nowMs) && this.#outlet.queuedMs(nowMs) === 0) this.#makeWay(holder, nowMs);
    else this.#send(holder, nowMs);
  }

  #mustMakeWay(nowMs: number): boolean {
    return this.#floor.isContended && nowMs - this.#begunMs >= MAX_FLOOR_MS;
  }

  #makeWay(holder: Voice, nowMs: number): void {
    holder.heardBeforeMs += this.#outlet.heardMs(nowMs);
    const next = this.#floor.makeWay(holder);
    if (next !== undefined) this.#begin(next, nowMs);
  }

  #heardMs(voice: Voice, isHolder: boolean, nowMs: number): number {
    return Math.round(voice.heardBeforeMs + (isHolder ? this.#outlet.heardMs(nowMs) : 0));
  }

  /** Everything that the one with the floor has said was heard. */
  #finish(voice: Voice, nowMs: number): void {
    const playedMs = this.#heardMs(voice, true, nowMs);
    const mustTell = voice.mustTellPlayed && playedMs > 0;
    voice.drop();
    if (mustTell) voice.options.onEvent({ type: 'played', turn: voice.turn, playedMs });
    this.#passOn(voice);
  }
}
