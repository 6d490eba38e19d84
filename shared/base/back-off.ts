/**
 * The waits between attempts. They double from `firstMs` to `longestMs`, and after the last attempt there is none.
 * Half of each wait is random, so that callers who failed at the same time do not all try again at the same time.
 */
interface BackOffOptions {
  readonly firstMs: number;
  readonly longestMs: number;
  /** Attempts in a row, the first one included. */
  readonly attempts: number;
  /** Draws a number from 0 up to, but not including, 1. */
  readonly random: () => number;
}

export class BackOff {
  readonly #options: BackOffOptions;
  #failures = 0;

  constructor(options: BackOffOptions) {
    this.#options = options;
  }

  /** Counts a failed attempt. Returns the milliseconds to wait before the next one, undefined after the last. */
  failed(): number | undefined {
    const { firstMs, longestMs, attempts, random } = this.#options;
    this.#failures += 1;
    if (this.#failures >= attempts) return undefined;
    const fullMs = Math.min(longestMs, firstMs * 2 ** (this.#failures - 1));
    return (fullMs * (1 + random())) / 2;
  }

  /** An attempt succeeded: the next failure counts as the first. */
  succeeded(): void {
    this.#failures = 0;
  }
}
