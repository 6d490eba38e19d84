/**
 * Counts what was ignored or refused, by reason. Reasons are fixed texts of the program, so their number is bounded.
 */
export class ReasonCounter {
  readonly #counts = new Map<string, number>();

  add(reason: string, count = 1): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count);
  }

  /** Whether this reason was counted exactly once so far: the moment to log it. */
  isFirst(reason: string): boolean {
    return this.#counts.get(reason) === 1;
  }

  toRecord(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
