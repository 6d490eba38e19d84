import type { Clock } from '../../common/clock.ts';
import { drawDelay } from '../faults/distribution.ts';
import type { WebPubSubFaultEngine } from '../faults/fault-plan.ts';
import type { Exchange, HandlerResponse } from './handler-connections.ts';

/** The faults of requests to event handlers; each attempt of an event is a request. */
export class WebhookFaults {
  readonly #engine: WebPubSubFaultEngine;
  readonly #clock: Clock;

  constructor(engine: WebPubSubFaultEngine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Sends a request, or lets happen to it what the plan says. */
  around(hub: string, event: string, send: () => Exchange): Exchange {
    if (!this.#engine.has('webhook')) return send();
    const random = this.#engine.shared(`webhook/${hub}`);
    let delayMs = 0;
    for (const rule of this.#engine.draw('webhook', { hub, name: event }, random)) {
      switch (rule.fault) {
        case 'error':
          return settled(Promise.resolve({ status: rule.status, headers: {}, body: new Uint8Array() }));
        case 'unreachable':
          return settled(Promise.reject(new Error('a fault was injected: the handler is not reached')));
        case 'delay':
          delayMs += drawDelay(rule.delayMs, random);
          break;
      }
    }
    return delayMs === 0 ? send() : this.#later(delayMs, send);
  }

  #later(delayMs: number, send: () => Exchange): Exchange {
    const { promise, resolve, reject } = Promise.withResolvers<HandlerResponse>();
    let exchange: Exchange | undefined;
    const stop = this.#clock.after(delayMs, () => {
      try {
        exchange = send();
        exchange.answer.then(resolve, reject);
      } catch (error) {
        reject(error);
      }
    });
    return {
      answer: promise,
      cancel: () => {
        stop();
        exchange?.cancel();
        reject(new Error('the request was cancelled'));
      },
    };
  }
}

function settled(answer: Promise<HandlerResponse>): Exchange {
  return { answer, cancel: () => {} };
}
