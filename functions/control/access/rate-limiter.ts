/** How many requests a caller may send, and how many callers are remembered. */
interface RateLimit {
  readonly perMinute: number;
  /** Requests that are allowed at once after a pause. */
  readonly burst: number;
  /** When there are more callers, the one idle longest is forgotten, and gets a full burst again. */
  readonly maxCallers: number;
}

/**
 * A token bucket for each caller: it holds `burst` tokens, a request takes one, and `perMinute` tokens come back each
 * minute.
 */
export class RateLimiter {
  readonly #limit: RateLimit;
  /** When each caller's bucket is full again. The most recent caller is last. */
  readonly #fullAtMs = new Map<string, number>();

  constructor(limit: RateLimit) {
    this.#limit = limit;
  }

  /** Callers that are remembered. */
  get size(): number {
    return this.#fullAtMs.size;
  }

  /** Takes a token and returns 0. If there is none, returns after how many milliseconds there will be one. */
  take(caller: string, nowMs: number): number {
    const { burst, perMinute, maxCallers } = this.#limit;
    const tokenMs = 60_000 / perMinute;
    // If the clock was set back, the bucket counts as empty at most.
    const fullAtMs = Math.min(this.#fullAtMs.get(caller) ?? nowMs, nowMs + burst * tokenMs);
    const missingMs = Math.max(0, fullAtMs - nowMs);
    const waitMs = Math.max(0, Math.ceil(missingMs - (burst - 1) * tokenMs));
    this.#fullAtMs.delete(caller);
    this.#fullAtMs.set(caller, waitMs > 0 ? fullAtMs : nowMs + missingMs + tokenMs);
    if (this.#fullAtMs.size > maxCallers) this.#forgetOldest();
    return waitMs;
  }

  #forgetOldest(): void {
    const [oldest] = this.#fullAtMs.keys();
    if (oldest !== undefined) this.#fullAtMs.delete(oldest);
  }
}
