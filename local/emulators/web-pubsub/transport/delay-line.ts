import type { Clock } from '../../common/clock.ts';

/** What may be under way on one connection in one direction; more than this is as if the network had broken. */
const DELAY_LINE_MAX = 10_000;

/**
 * One direction of a connection whose messages take time. They keep their order, as on TCP: one that is late holds up
 * those behind it.
 *
 *     idle ──push──▶ waiting ──due──▶ idle, or waiting for the next
 *       └──── close ────┴──▶ closed: nothing comes out any more
 */
export class DelayLine {
  readonly #clock: Clock;
  readonly #onOverflow: () => void;
  readonly #waiting: { readonly dueMs: number; readonly run: () => void }[] = [];
  #cancel: (() => void) | undefined;
  #closed = false;

  /** @param onOverflow more waits than may; the line is closed then */
  constructor(clock: Clock, onOverflow: () => void) {
    this.#clock = clock;
    this.#onOverflow = onOverflow;
  }

  /** Whether nothing is under way, so that what has no delay can go on at once. */
  get isIdle(): boolean {
    return this.isEmpty && !this.#closed;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Runs `run` after the delay, and not before what was pushed before it. */
  push(delayMs: number, run: () => void): void {
    if (this.#closed) return;
    if (this.#waiting.length >= DELAY_LINE_MAX) {
      this.close();
      this.#onOverflow();
      return;
    }
    const earliestMs = this.#waiting.at(-1)?.dueMs ?? 0;
    this.#waiting.push({ dueMs: Math.max(this.#clock.now() + delayMs, earliestMs), run });
    if (this.#waiting.length === 1) this.#arm();
  }

  /** What is under way is lost. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#cancel?.();
  }

  #arm(): void {
    const next = this.#waiting[0];
    if (next === undefined) return;
    const delayMs = Math.max(0, next.dueMs - this.#clock.now());
    this.#cancel = this.#clock.after(delayMs, () => this.#deliver());
  }

  #deliver(): void {
    const nowMs = this.#clock.now();
    for (let next = this.#waiting[0]; next !== undefined && next.dueMs <= nowMs; next = this.#waiting[0]) {
      // It leaves the line after it has run: what it causes is pushed behind it.
      next.run();
      this.#waiting.shift();
    }
    this.#arm();
  }
}
