/** Lets so many requests a second through, a second's worth at once (generic cell rate algorithm, ITU-T I.371). */
export class Throttle {
  readonly #intervalMs: number;
  readonly #toleranceMs: number;
  /** When the next request is due if requests come evenly. */
  #dueMs = 0;

  constructor(perSecond: number) {
    this.#intervalMs = 1_000 / perSecond;
    this.#toleranceMs = (Math.max(1, perSecond) - 1) * this.#intervalMs;
  }

  /** @returns 0 when the request may pass, else after how many milliseconds there is room for one */
  take(nowMs: number): number {
    const dueMs = Math.max(this.#dueMs, nowMs);
    const allowedMs = dueMs - this.#toleranceMs;
    if (nowMs < allowedMs) return Math.ceil(allowedMs - nowMs);
    this.#dueMs = dueMs + this.#intervalMs;
    return 0;
  }
}
