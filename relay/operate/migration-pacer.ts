/**
 * When each call of a relay that is to end is moved: one after the other, so that the control app and the other relays get them as a stream, and what
 * follows the move of one call is not waited for by all. The more calls are left in the time that is left, the closer they follow each other. No clock.
 */

/** About what the control app, a table and another relay need for one call on one small machine, all of them together. */
export const LONGEST_INTERVAL_MS = 150;
/** Share of the time in which every call is to have been asked once; the rest is for those that have to be asked again. */
const PACED_SHARE = 0.8;

export class MigrationPacer {
  readonly #endMs: number;
  #callsLeft: number;
  #nextMs = 0;

  /** `deadlineMs`: when it is over, in milliseconds from the beginning. */
  constructor(calls: number, deadlineMs: number) {
    this.#callsLeft = calls;
    this.#endMs = deadlineMs * PACED_SHARE;
  }

  /** When the next call is to be moved, in milliseconds from the beginning: not before `nowMs`. */
  next(nowMs: number): number {
    const startMs = Math.max(nowMs, this.#nextMs);
    const evenMs = Math.max(0, this.#endMs - startMs) / Math.max(1, this.#callsLeft);
    this.#nextMs = startMs + Math.min(LONGEST_INTERVAL_MS, evenMs);
    this.#callsLeft -= 1;
    return startMs;
  }
}
