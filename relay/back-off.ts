/** Waits between attempts: doubling from `firstMs` to `longestMs`, and none after the last attempt. */
export class BackOff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  readonly #attempts: number;
  #failed = 0;

  constructor(options: { firstMs: number; longestMs: number; attempts: number }) {
    this.#firstMs = options.firstMs;
    this.#longestMs = options.longestMs;
    this.#attempts = options.attempts;
  }

  /** An attempt failed. Milliseconds to wait before the next one, or undefined when it was the last. */
  failed(): number | undefined {
    this.#failed += 1;
    if (this.#failed >= this.#attempts) return undefined;
    return Math.min(this.#longestMs, this.#firstMs * 2 ** (this.#failed - 1));
  }

  succeeded(): void {
    this.#failed = 0;
  }
}
