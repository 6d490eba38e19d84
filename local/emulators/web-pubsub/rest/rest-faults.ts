import { type Clock, sleep } from '../../common/clock.ts';
import { drawDelay } from '../faults/distribution.ts';
import type { WebPubSubFaultEngine, WebPubSubRules } from '../faults/fault-plan.ts';
import { ApiError } from '../http/api-error.ts';

type ThrottleRule = Extract<WebPubSubRules['rest'], { fault: 'throttle' }>;

/** An error answer that says when to try again: in milliseconds for the Azure SDKs, and in seconds (RFC 9110). */
class InjectedError extends ApiError {
  readonly #retryAfterMs: number | undefined;

  constructor(status: number, code: string, message: string, retryAfterMs: number | undefined) {
    super(status, code, message);
    this.#retryAfterMs = retryAfterMs;
  }

  override headers(): Record<string, string> {
    const retryAfterMs = this.#retryAfterMs;
    if (retryAfterMs === undefined) return super.headers();
    return {
      ...super.headers(),
      'Retry-After': String(Math.ceil(retryAfterMs / 1_000)),
      'retry-after-ms': String(retryAfterMs),
    };
  }
}

export class RestFaults {
  readonly #engine: WebPubSubFaultEngine;
  readonly #clock: Clock;
  readonly #throttles = new WeakMap<ThrottleRule, Throttle>();

  constructor(engine: WebPubSubFaultEngine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Called before an operation is performed; resolves when it may be. @throws ApiError when it may not */
  async before(hub: string, operation: string): Promise<void> {
    if (!this.#engine.has('rest')) return;
    const random = this.#engine.shared(`rest/${operation}`);
    for (const rule of this.#engine.draw('rest', { hub, name: operation }, random)) {
      switch (rule.fault) {
        case 'error': {
          const message = 'A fault was injected here.';
          throw new InjectedError(rule.status, 'InjectedFault', message, rule.retryAfterMs);
        }
        case 'throttle': {
          const retryAfterMs = this.#throttle(rule).take(this.#clock.now());
          if (retryAfterMs === 0) break;
          const message = `There are more than ${rule.requestsPerSecond} requests a second.`;
          throw new InjectedError(429, 'TooManyRequests', message, retryAfterMs);
        }
        case 'slow':
          await sleep(this.#clock, drawDelay(rule.delayMs, random));
          break;
      }
    }
  }

  #throttle(rule: ThrottleRule): Throttle {
    const known = this.#throttles.get(rule);
    if (known !== undefined) return known;
    const throttle = new Throttle(rule.requestsPerSecond);
    this.#throttles.set(rule, throttle);
    return throttle;
  }
}

/** Lets so many requests a second through, a second's worth at once (generic cell rate algorithm, ITU-T I.371). */
export class Throttle {
  readonly #intervalMs: number;
  readonly #toleranceMs: number;
  /** When the next request is due if requests come evenly. */
  #dueMs = 0;

  constructor(perSecond: number) {
    this.#intervalMs = 1_000 / perSecond;
    this.#toleranceMs = (Math.max(1, perSecond) - 1) * this.#intervalMs;
  }

  /** @returns 0 when the request may pass, else after how many milliseconds there is room for one */
  take(nowMs: number): number {
    const dueMs = Math.max(this.#dueMs, nowMs);
    const allowedMs = dueMs - this.#toleranceMs;
    if (nowMs < allowedMs) return Math.ceil(allowedMs - nowMs);
    this.#dueMs = dueMs + this.#intervalMs;
    return 0;
  }
}
