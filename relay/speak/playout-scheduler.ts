/**
 * Who of a call's voices speaks, and what of it leaves and when. One has the floor; it keeps it until all it has said has been
 * heard, makes way for another, or is silenced. Whoever calls says what time it is; nothing here waits.
 */
import { type AudioFormat, msToBytes } from '../../shared/audio/audio-format.ts';
import { sendableInMs, sendableMs } from '../audio/playout-pace.ts';
import { Floor } from './floor.ts';
import type { MediaOutlet } from './media-outlet.ts';
import type { Voice } from './worker-playout.ts';

/** Longest time that a worker speaks while another of the same priority waits; what it has left comes after that one. */
export const MAX_FLOOR_MS = 60_000;

export interface StageOptions {
  readonly format: AudioFormat;
  readonly outlet: MediaOutlet;
  /** Audio that the other side is given ahead of its time, besides filler. */
  readonly leadMs: number;
}

export class Stage {
  readonly #format: AudioFormat;
  readonly #outlet: MediaOutlet;
  readonly #leadMs: number;
  readonly #floor = new Floor<Voice>();
  /** When the one that has the floor was given it. */
  #begunMs = 0;
  #bytesCut = 0;
  #bytesDropped = 0;

  constructor({ format, outlet, leadMs }: StageOptions) {
    this.#format = format;
    this.#outlet = outlet;
    this.#leadMs = leadMs;
  }

  /** The one that has the floor. */
  get holder(): Voice | undefined {
    return this.#floor.holder;
  }

  /** Audio that was silenced before it was heard. */
  get bytesCut(): number {
    return this.#bytesCut;
  }

  /** Audio that waited when the other side took nothing any more. */
  get bytesDropped(): number {
    return this.#bytesDropped;
  }

  /** The voice has something to say that has not been heard to its end. */
  isSpeaking(voice: Voice, nowMs: number): boolean {
    return voice.held.bytes > 0 || (this.holder === voice && this.#outlet.queuedMs(nowMs) > 0);
  }

  /**
   * The voice has got something to say. It is heard at once, or waits for the floor.
   * @param silence called for the one that loses the floor to it, if any, before it begins
   */
  enter(voice: Voice, nowMs: number, silence: (loser: Voice) => void): void {
    const before = this.holder;
    const answer = this.#floor.request(voice);
    switch (answer.type) {
      case 'granted':
        if (before === voice) this.#send(voice, nowMs);
        else this.#begin(voice, nowMs);
        break;
      case 'interrupts':
        silence(answer.loser);
        this.#begin(voice, nowMs);
        break;
      case 'waits':
        break;
    }
  }

  /** The voice has nothing to say any more: the next one begins. */
  exit(voice: Voice, nowMs: number): void {
    const next = this.#floor.release(voice);
    if (next !== undefined) this.#begin(next, nowMs);
  }

  /**
   * Drops what the voice has said and what has not been heard, and answers how many milliseconds of it were.
   * @param wasHeard it has the floor, or has just lost it
   */
  silence(voice: Voice, nowMs: number, wasHeard = this.holder === voice): number {
    const heardMs = this.#heardMs(voice, wasHeard, nowMs);
    this.#bytesCut += voice.drop();
    if (wasHeard && !this.#outlet.isEmptied) {
      for (const { byteLength } of this.#outlet.stop(nowMs)) this.#bytesCut += byteLength;
    }
    return heardMs;
  }

  /** The stream is over: what the voice has not been able to say is not heard. */
  close(voice: Voice): void {
    this.#bytesCut += voice.drop();
  }

  /** What was not heard of the voice comes back, to be heard later. */
  pause(voice: Voice, nowMs: number): void {
    if (this.holder === voice && !this.#outlet.isEmptied) voice.held.putBack(this.#outlet.stop(nowMs));
  }

  /** A pause is over. */
  resume(voice: Voice, nowMs: number): void {
    if (this.holder === voice) this.#send(voice, nowMs);
  }

  /** Does what is due. */
  goOn(nowMs: number): void {
    const { holder } = this;
    if (holder === undefined || holder.bargeIn.isPaused) return;
    if (!this.isSpeaking(holder, nowMs)) this.#finish(holder, nowMs);
    else if (this.#mustMakeWay(nowMs) && this.#outlet.queuedMs(nowMs) === 0) this.#makeWay(holder, nowMs);
    else this.#send(holder, nowMs);
  }

  /** When something is due next; undefined while nothing is. */
  dueMs(nowMs: number): number | undefined {
    const { holder } = this;
    if (holder === undefined || holder.bargeIn.isPaused) return undefined;
    const { heldMs } = holder;
    // Nothing more is sent: the next is the end of playout, when the floor is free.
    if (heldMs === 0 || this.#mustMakeWay(nowMs)) return Math.max(nowMs, this.#outlet.endMs);
    const queuedMs = this.#outlet.queuedMs(nowMs);
    return nowMs + sendableInMs({ heldMs, queuedMs, leadMs: this.#leadOf(holder) });
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
    voice.options.onSent?.();
  }

  #leadOf(voice: Voice): number {
    return Math.max(this.#leadMs, voice.options.replyMs) + (voice.isStreaming ? this.#outlet.fillerMs : 0);
  }

  #mustMakeWay(nowMs: number): boolean {
    return this.#floor.isContended && nowMs - this.#begunMs >= MAX_FLOOR_MS;
  }

  #makeWay(holder: Voice, nowMs: number): void {
    holder.heardBeforeMs += this.#outlet.heardMs(nowMs);
    const next = this.#floor.makeWay(holder);
    if (next !== undefined) this.#begin(next, nowMs);
  }

  /** Everything that the one with the floor has said was heard. */
  #finish(voice: Voice, nowMs: number): void {
    const playedMs = this.#heardMs(voice, true, nowMs);
    const mustTell = voice.mustTellPlayed && playedMs > 0;
    voice.drop();
    if (mustTell) voice.options.onEvent({ type: 'played', turn: voice.turn, playedMs });
    this.exit(voice, nowMs);
  }

  #heardMs(voice: Voice, isHolder: boolean, nowMs: number): number {
    return Math.round(voice.heardBeforeMs + (isHolder ? this.#outlet.heardMs(nowMs) : 0));
  }
}
