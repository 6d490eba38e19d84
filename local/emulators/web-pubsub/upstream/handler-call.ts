import type { Clock } from '../../common/clock.ts';
import type { Limits } from '../base/limits.ts';
import { type Exchange, type HandlerResponse, HandlerUnreachable } from './handler-connections.ts';

/** 408 and every 5xx are tried again; 429 and other 4xx are final (Microsoft's emulator). */
function isTransient(status: number): boolean {
  return status === 408 || status >= 500;
}

/**
 * One event on its way to its handler: sent again after each of `limits.handlerRetryDelaysMs` while the network or the
 * handler fails for the moment. Every attempt is the same request, event id included. One deadline bounds all attempts
 * and the reading of the answer.
 *
 *     ready ──▶ sending
 *     sending ──answer──────────────────────▶ settled
 *       │  ▲  ──transient, no delay left────▶ settled
 *       │  └──────delay over──────┐
 *       └──transient, delay left──▶ waiting
 *     sending, waiting ──deadline, cancel──▶ settled
 */
export class HandlerCall {
  /** The last answer, whatever its status. Rejects with HandlerUnreachable. */
  readonly answer: Promise<HandlerResponse>;
  readonly #send: () => Exchange;
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #cancelDeadline: () => void;
  readonly #settle: { resolve(answer: HandlerResponse): void; reject(error: HandlerUnreachable): void };
  #state:
    | { readonly name: 'sending'; readonly exchange: Exchange }
    | { readonly name: 'waiting'; cancel(): void }
    | { readonly name: 'ready' | 'settled' } = { name: 'ready' };
  #attempts = 0;

  /** @param send makes one attempt, and may throw HandlerUnreachable, which no later attempt would change */
  constructor(send: () => Exchange, clock: Clock, limits: Limits) {
    this.#send = send;
    this.#clock = clock;
    this.#limits = limits;
    const { promise, resolve, reject } = Promise.withResolvers<HandlerResponse>();
    this.answer = promise;
    this.#settle = { resolve, reject };
    const { handlerTimeoutMs } = limits;
    this.#cancelDeadline = clock.after(handlerTimeoutMs, () =>
      this.#fail(new HandlerUnreachable(`The event handler did not answer within ${handlerTimeoutMs} ms.`)),
    );
    this.#attempt();
  }

  /** Gives up, for this reason. */
  cancel(reason: string): void {
    this.#fail(new HandlerUnreachable(reason));
  }

  #attempt(): void {
    let exchange: Exchange;
    try {
      exchange = this.#send();
    } catch (error) {
      this.#fail(unreachable(error));
      return;
    }
    this.#attempts += 1;
    this.#state = { name: 'sending', exchange };
    exchange.answer.then(
      (answer) => {
        if (!this.#isUnderWay(exchange)) return;
        if (!isTransient(answer.status) || !this.#retryLater()) this.#succeed(answer);
      },
      (error: unknown) => {
        if (!this.#isUnderWay(exchange)) return;
        if (error instanceof HandlerUnreachable || !this.#retryLater()) this.#fail(unreachable(error));
      },
    );
  }

  #isUnderWay(exchange: Exchange): boolean {
    return this.#state.name === 'sending' && this.#state.exchange === exchange;
  }

  /** @returns false when there is no attempt left */
  #retryLater(): boolean {
    const delayMs = this.#limits.handlerRetryDelaysMs[this.#attempts - 1];
    if (delayMs === undefined) return false;
    this.#state = { name: 'waiting', cancel: this.#clock.after(delayMs, () => this.#attempt()) };
    return true;
  }

  #succeed(answer: HandlerResponse): void {
    this.#state = { name: 'settled' };
    this.#cancelDeadline();
    this.#settle.resolve(answer);
  }

  #fail(error: HandlerUnreachable): void {
    const state = this.#state;
    this.#state = { name: 'settled' };
    this.#cancelDeadline();
    switch (state.name) {
      case 'sending':
        state.exchange.cancel();
        break;
      case 'waiting':
        state.cancel();
        break;
      case 'ready':
      case 'settled':
        break;
    }
    this.#settle.reject(error);
  }
}

function unreachable(error: unknown): HandlerUnreachable {
  if (error instanceof HandlerUnreachable) return error;
  const isRefused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
  const message = isRefused
    ? 'Nobody listens at the address of the event handler.'
    : 'The event handler could not be reached.';
  return new HandlerUnreachable(message, { cause: error });
}
