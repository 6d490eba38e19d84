/** Lets so many requests through in a second: a bucket that holds one second's worth, at least one, and fills evenly. */
export class Throttle {
  readonly #perSecond: number;
  readonly #size: number;
  #tokens: number;
  #filledMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#size = Math.max(1, perSecond);
    this.#tokens = this.#size;
    this.#filledMs = nowMs;
  }

  /** @returns 0 when the request may pass, else after how many milliseconds there is room for one */
  take(nowMs: number): number {
    const elapsedMs = Math.max(0, nowMs - this.#filledMs);
    this.#tokens = Math.min(this.#size, this.#tokens + (elapsedMs * this.#perSecond) / 1_000);
    this.#filledMs = nowMs;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return 0;
    }
    return Math.ceil(((1 - this.#tokens) * 1_000) / this.#perSecond);
  }
}
