import { type Clock, sleep } from '../../common/clock.ts';
import type { Random } from '../../common/random.ts';
import { type AcsFaultEngine, drawMs, type RestRule } from '../faults/fault-plan.ts';
import { type Reply, refusalReply } from '../http/refusal.ts';

type ErrorRule = Extract<RestRule, { fault: 'error' }>;

export class RestFaults {
  readonly #engine: AcsFaultEngine;
  readonly #random: Random;
  readonly #clock: Clock;
  /** One stream of chance for each operation, since operations come in any order. */
  readonly #streams = new Map<string, Random>();

  constructor(engine: AcsFaultEngine, random: Random, clock: Clock) {
    this.#engine = engine;
    this.#random = random;
    this.#clock = clock;
  }

  /** Performs an operation and lets its faults happen: an error instead of it, a slow answer, an error after it. */
  async around(operation: string, perform: () => Promise<Reply>): Promise<Reply> {
    const rules = this.#engine.draw('rest', operation, this.#stream(operation));
    const errors = rules.filter((rule): rule is ErrorRule => rule.fault === 'error');
    const before = errors.find(({ when }) => when === 'before');
    if (before !== undefined) return injected(before);
    const reply = await perform();
    for (const rule of rules)
      if (rule.fault === 'slow') await sleep(this.#clock, drawMs(rule.delayMs, this.#stream(operation)));
    const after = errors.find(({ when }) => when === 'after');
    return after === undefined ? reply : injected(after);
  }

  #stream(operation: string): Random {
    const stream = this.#streams.get(operation) ?? this.#random.branch(operation);
    this.#streams.set(operation, stream);
    return stream;
  }
}

/** The Azure SDKs look for milliseconds first; others know only the seconds of RFC 9110. */
function injected({ status, retryAfterMs }: ErrorRule): Reply {
  return {
    ...refusalReply({ status, code: 'InjectedFault', message: 'A fault was injected here.' }),
    ...(retryAfterMs === undefined
      ? {}
      : {
          headers: {
            'retry-after': String(Math.ceil(retryAfterMs / 1000)),
            'retry-after-ms': String(retryAfterMs),
          },
        }),
  };
}
