/** How fast callers may ask, and how many of them are remembered. */
export interface RateLimit {
  readonly perMinute: number;
  /** Requests that may come at once after a pause. */
  readonly burst: number;
  /** Beyond so many, the caller that has asked least recently is forgotten: he may then ask a full burst again. */
  readonly maxCallers: number;
}

/** A token bucket for each caller: it holds `burst` tokens, a request takes one, and `perMinute` come back each minute. */
export class RateLimiter {
  readonly #limit: RateLimit;
  /** When each caller's bucket is full again; the caller that has asked last is at the end. */
  readonly #fullAtMs = new Map<string, number>();

  constructor(limit: RateLimit) {
    this.#limit = limit;
  }

  /** Callers that are remembered. */
  get size(): number {
    return this.#fullAtMs.size;
  }

  /** Takes a token and returns 0; where there is none, takes nothing and returns how many milliseconds it is until there will be one. */
  take(caller: string, nowMs: number): number {
    const { burst, perMinute, maxCallers } = this.#limit;
    const tokenMs = 60_000 / perMinute;
    // For a clock that was set back the bucket is empty at most.
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
