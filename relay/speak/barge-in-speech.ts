/** Speech of several participants as one: it lasts while any of them speaks, and counts for as long as the longest did. */
export class BargeInSpeech {
  readonly #speaking = new Set<number>();
  #longestMs = 0;

  started(participant: number): void {
    this.#speaking.add(participant);
  }

  /** Answers how long the longest speech was when nobody speaks any more, or undefined while somebody does. */
  ended(participant: number, durationMs: number): number | undefined {
    this.#speaking.delete(participant);
    this.#longestMs = Math.max(this.#longestMs, durationMs);
    if (this.#speaking.size > 0) return undefined;
    const longestMs = this.#longestMs;
    this.#longestMs = 0;
    return longestMs;
  }
}
