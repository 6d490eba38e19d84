/**
 * Decides when each call of a relay that is about to end moves. The calls follow one another, so that the control app
 * and the other relays get them as a stream and no call waits for the work that the others cause. The more calls are
 * left in the remaining time, the closer they follow each other. Pure: time is a parameter.
 */

/** Roughly what control app, table storage and another relay together need for one call on one small machine. */
const LONGEST_INTERVAL_MS = 150;
/** Share of the time within which every call has had its first attempt; the rest is for second attempts. */
const PACED_SHARE = 0.8;

export class MigrationPacer {
  readonly #endMs: number;
  #callsLeft: number;
  #nextMs = 0;

  /** `deadlineMs`: when the relay ends, in milliseconds from the beginning. */
  constructor(calls: number, deadlineMs: number) {
    this.#callsLeft = calls;
    this.#endMs = deadlineMs * PACED_SHARE;
  }

  /** When to move the next call, in milliseconds from the beginning; not before `nowMs`. */
  next(nowMs: number): number {
    const startMs = Math.max(nowMs, this.#nextMs);
    const evenMs = Math.max(0, this.#endMs - startMs) / Math.max(1, this.#callsLeft);
    this.#nextMs = startMs + Math.min(LONGEST_INTERVAL_MS, evenMs);
    this.#callsLeft -= 1;
    return startMs;
  }
}
