import { type Clock, sleep } from '../../common/clock.ts';
import { ApiError } from '../http/api-error.ts';
import { drawDelay } from './distribution.ts';
import type { ArmedRule, FaultEngine } from './fault-engine.ts';
import type { RulesByTarget } from './fault-plan.ts';
import { Throttle } from './throttle.ts';

/** An error answer that says when to try again, in milliseconds for the Azure SDKs and in seconds for everybody (RFC 9110). */
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

/** The faults of the REST interface. */
export class RestFaults {
  readonly #engine: FaultEngine;
  readonly #clock: Clock;
  readonly #throttles = new WeakMap<ArmedRule, Throttle>();

  constructor(engine: FaultEngine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Called before an operation is performed; resolves when it may be. @throws ApiError when it may not */
  async before(hub: string, operation: string): Promise<void> {
    if (!this.#engine.has('rest')) return;
    const random = this.#engine.shared(`rest/${operation}`);
    for (const hit of this.#engine.draw('rest', { hub, name: operation }, random)) {
      const { rule } = hit;
      switch (rule.fault) {
        case 'error': {
          const message = 'A fault was injected here.';
          throw new InjectedError(rule.status, 'InjectedFault', message, rule.retryAfterMs);
        }
        case 'throttle': {
          const retryAfterMs = this.#throttle(hit, rule).take(this.#clock.now());
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

  #throttle(hit: ArmedRule, rule: Extract<RulesByTarget['rest'], { fault: 'throttle' }>): Throttle {
    const known = this.#throttles.get(hit);
    if (known !== undefined) return known;
    const throttle = new Throttle(rule.requestsPerSecond);
    this.#throttles.set(hit, throttle);
    return throttle;
  }
}
