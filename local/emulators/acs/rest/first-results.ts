/** Results that are remembered; older ones are forgotten, and their requests would be performed again. */
const MAX_RESULTS = 1_000;

interface FirstResult<T> {
  readonly result: T;
  readonly replayed: boolean;
}

/**
 * Repeatable requests (OASIS Repeatable Requests 1.0, as Azure uses it): a repeated `Repeatability-Request-ID` gets the
 * first result again, success or refusal, and nothing is done twice, not even if both requests arrive at the same time.
 */
export class FirstResults<T> {
  readonly #results = new Map<string, Promise<T>>();

  /** A rejection is not remembered: it means that nothing came of the request. */
  async once(requestId: string, perform: () => Promise<T>): Promise<FirstResult<T>> {
    const known = this.#results.get(requestId);
    if (known !== undefined) return { result: await known, replayed: true };
    const first = perform();
    this.#results.set(requestId, first);
    this.#forgetOldest();
    try {
      return { result: await first, replayed: false };
    } catch (error) {
      this.#results.delete(requestId);
      throw error;
    }
  }

  #forgetOldest(): void {
    if (this.#results.size <= MAX_RESULTS) return;
    const oldest = this.#results.keys().next();
    if (oldest.done !== true) this.#results.delete(oldest.value);
  }
}
