import type { AudioOutput } from '../../../relay/speak/audio-output.ts';
import type { Clock } from '../../../shared/base/clock.ts';

/** 16 kHz PCM16. */
const BYTES_PER_MS = 32;

/** An ACS that plays what it gets in real time, sample by sample on the test's clock, and keeps what was heard. */
export class PlayingOutput implements AudioOutput {
  readonly #clock: Clock;
  #queue = Buffer.alloc(0);
  #heard: Buffer[] = [];
  #playedToMs = 0;
  /** When each piece of audio came, and how long it is, in milliseconds. */
  readonly writes: { atMs: number; ms: number }[] = [];
  stops = 0;
  longestQueueMs = 0;
  buffered = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  play(pcm: Uint8Array): void {
    this.#play();
    this.writes.push({ atMs: this.#clock.elapsedMs(), ms: pcm.byteLength / BYTES_PER_MS });
    this.#queue = Buffer.concat([this.#queue, pcm]);
    this.longestQueueMs = Math.max(this.longestQueueMs, this.#queue.byteLength / BYTES_PER_MS);
  }

  stopAudio(): void {
    this.#play();
    this.stops += 1;
    this.#queue = Buffer.alloc(0);
  }

  bufferedBytes(): number {
    return this.buffered;
  }

  /** Everything heard until now, the pauses left out. */
  get heard(): Buffer {
    this.#play();
    return Buffer.concat(this.#heard);
  }

  get heardMs(): number {
    return this.heard.byteLength / BYTES_PER_MS;
  }

  #play(): void {
    const nowMs = this.#clock.elapsedMs();
    const bytes = Math.round((nowMs - this.#playedToMs) * 16) * 2;
    this.#heard.push(this.#queue.subarray(0, bytes));
    this.#queue = this.#queue.subarray(bytes);
    this.#playedToMs = nowMs;
  }
}
