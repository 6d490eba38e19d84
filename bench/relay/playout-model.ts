/**
 * What a caller hears of what ACS is sent: it plays audio when it comes, and what comes before that is played waits.
 * Pure.
 */
export class PlayoutModel {
  readonly #bytesPerMs: number;
  #endMs = Number.NEGATIVE_INFINITY;

  constructor(bytesPerMs: number) {
    this.#bytesPerMs = bytesPerMs;
  }

  /** `bytes` of PCM16 came. Answers when their first sample is played. */
  take(bytes: number, nowMs: number): number {
    const startMs = Math.max(nowMs, this.#endMs);
    this.#endMs = startMs + bytes / this.#bytesPerMs;
    return startMs;
  }

  /** What waits is dropped. */
  stop(): void {
    this.#endMs = Number.NEGATIVE_INFINITY;
  }
}
