/**
 * Keeps what happens again and again from filling a log: the first line about something is written, and then one in a
 * while, which says how many had none.
 */

/** Things about which lines are remembered. Beyond them, the one that is longest without a line is forgotten. */
const MAX_KEYS = 1_000;

export class RareLines {
  readonly #everyMs: number;
  readonly #elapsedMs: () => number;
  /** By what the lines are about, the one with the latest line last. */
  readonly #lines = new Map<string, { readonly atMs: number; unlogged: number }>();

  /** @param elapsedMs milliseconds that only grow */
  constructor(everyMs: number, elapsedMs: () => number) {
    this.#everyMs = everyMs;
    this.#elapsedMs = elapsedMs;
  }

  /**
   * Something has happened that is worth a line.
   * @param about what the lines are about, where there is more than one thing
   * @returns how many before this one had no line; undefined if this one gets none
   */
  next(about = ''): number | undefined {
    const nowMs = this.#elapsedMs();
    const last = this.#lines.get(about);
    if (last !== undefined && nowMs - last.atMs < this.#everyMs) {
      last.unlogged += 1;
      return undefined;
    }
    this.#lines.delete(about);
    this.#lines.set(about, { atMs: nowMs, unlogged: 0 });
    const [oldest] = this.#lines.keys();
    if (this.#lines.size > MAX_KEYS && oldest !== undefined) this.#lines.delete(oldest);
    return last?.unlogged ?? 0;
  }
}
