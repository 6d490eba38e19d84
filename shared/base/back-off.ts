/**
 * Waits between attempts: doubling from `firstMs` to `longestMs`, and none after the last attempt. Half of each wait is up
 * to chance, so that those who lost their connections together do not all come back together.
 */
export class BackOff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  readonly #attempts: number;
  readonly #random: () => number;
  #failed = 0;

  /** @param options.random a number from 0 to below 1 */
  constructor(options: { firstMs: number; longestMs: number; attempts: number; random: () => number }) {
    this.#firstMs = options.firstMs;
    this.#longestMs = options.longestMs;
    this.#attempts = options.attempts;
    this.#random = options.random;
  }

  /** An attempt failed. Milliseconds to wait before the next one, or undefined when it was the last. */
  failed(): number | undefined {
    this.#failed += 1;
    if (this.#failed >= this.#attempts) return undefined;
    const fullMs = Math.min(this.#longestMs, this.#firstMs * 2 ** (this.#failed - 1));
    return (fullMs * (1 + this.#random())) / 2;
  }

  succeeded(): void {
    this.#failed = 0;
  }
}
