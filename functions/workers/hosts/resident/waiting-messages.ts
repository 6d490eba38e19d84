/** What a call's worker has not got yet, because a handler runs. */
import type { WorkerEvent } from '../../kit/lane-message.ts';

/** Bounds of what may wait. A message of any length may come, so their number alone bounds nothing. */
const MAX_MESSAGES = 50;
const MAX_WAITING_AUDIO_MS = 3_000;
const MAX_BYTES = 1024 * 1024;

interface Waiting {
  readonly read: () => WorkerEvent | undefined;
  readonly kind: 'audio' | 'event' | 'end';
  /** Bytes of a packet, or characters of a text. */
  readonly size: number;
  /** How long the audio is; 0 for what is none. */
  readonly audioMs: number;
}

export interface LostMessages {
  readonly messages: number;
  readonly audioMs: number;
}

/**
 * Beyond a bound, the oldest audio is dropped, since an event that is lost, such as a key or `marked`, does not come
 * again. Where only events wait, the oldest of them is. What came last, and `call.ended`, are always kept.
 */
export class WaitingMessages {
  readonly #waiting: Waiting[] = [];
  readonly #onDropped: (dropped: LostMessages) => void;
  #size = 0;
  #audioMs = 0;
  #droppedMessages = 0;
  #droppedAudioMs = 0;
  /** Something was dropped since nothing waited last. */
  #isTold = false;

  /** `onDropped`: told of the first message that is dropped, and again once nothing waited in between. */
  constructor(onDropped: (dropped: LostMessages) => void) {
    this.#onDropped = onDropped;
  }

  /** What was dropped so far. */
  get dropped(): LostMessages {
    return { messages: this.#droppedMessages, audioMs: Math.round(this.#droppedAudioMs) };
  }

  /** Behind everything else. */
  push(message: Waiting): void {
    this.#waiting.push(message);
    this.#count(message, 1);
    while (this.#isTooMuch() && this.#dropOne());
  }

  /** Ahead of everything else. */
  unshift(message: Waiting): void {
    this.#waiting.unshift(message);
    this.#count(message, 1);
  }

  shift(): Waiting | undefined {
    const next = this.#waiting.shift();
    if (next === undefined) this.#isTold = false;
    else this.#count(next, -1);
    return next;
  }

  /** Drops what waits. */
  clear(): void {
    this.#droppedMessages += this.#waiting.length;
    this.#droppedAudioMs += this.#audioMs;
    this.#waiting.length = 0;
    this.#size = 0;
    this.#audioMs = 0;
  }

  #isTooMuch(): boolean {
    return (
      this.#waiting.length > MAX_MESSAGES || this.#audioMs > MAX_WAITING_AUDIO_MS || this.#size > MAX_BYTES
    );
  }

  /** Returns false when there is nothing to drop. */
  #dropOne(): boolean {
    const older = this.#waiting.slice(0, -1);
    const oldestAudio = older.findIndex(({ kind }) => kind === 'audio');
    const at = oldestAudio >= 0 ? oldestAudio : older.findIndex(({ kind }) => kind !== 'end');
    const [dropped] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (dropped === undefined) return false;
    this.#count(dropped, -1);
    this.#droppedMessages += 1;
    this.#droppedAudioMs += dropped.audioMs;
    if (!this.#isTold) this.#onDropped(this.dropped);
    this.#isTold = true;
    return true;
  }

  #count({ size, audioMs }: Waiting, sign: 1 | -1): void {
    this.#size += sign * size;
    this.#audioMs += sign * audioMs;
  }
}
