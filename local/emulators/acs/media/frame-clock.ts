/**
 * The deadlines of a stream's frames: frame n is due at `start + n * frameMs`, however late any frame before it was,
 * so a stall is caught up frame by frame and nothing drifts. Pure: the caller passes the time.
 */
export class FrameClock {
  readonly #startMs: number;
  readonly #frameMs: number;
  #taken = 0;

  constructor(startMs: number, frameMs: number) {
    this.#startMs = startMs;
    this.#frameMs = frameMs;
  }

  /** When the next frame that was not taken is due, in milliseconds. */
  get deadlineMs(): number {
    return this.#deadlineOf(this.#taken);
  }

  /** How many frames are due at `nowMs` and were not taken. */
  due(nowMs: number): number {
    if (nowMs < this.deadlineMs) return 0;
    let reached = Math.floor((nowMs - this.#startMs) / this.#frameMs);
    // Rounding may put the quotient one frame beside what the deadlines say; these have the last word.
    if (this.#deadlineOf(reached) > nowMs) reached -= 1;
    else if (this.#deadlineOf(reached + 1) <= nowMs) reached += 1;
    return reached + 1 - this.#taken;
  }

  /** Takes the next frame and answers its deadline. */
  take(): number {
    const deadline = this.deadlineMs;
    this.#taken += 1;
    return deadline;
  }

  #deadlineOf(frame: number): number {
    return this.#startMs + frame * this.#frameMs;
  }
}
