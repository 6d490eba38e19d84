/** The one message of a lane that the worker has not answered yet, with a limit on how long that may take. */

import type { Clock } from '../../shared/base/clock.ts';
import { afterSilence } from '../../shared/base/own-pause.ts';
import type { OutboxMessage } from './lane-outbox.ts';

/** An event that the worker does not acknowledge within this time has failed. */
const EVENT_TIMEOUT_MS = 15_000;
/** The same for a worker that has said that it is still at it. */
const LONG_EVENT_TIMEOUT_MS = 28_000;

interface Settled {
  readonly message: OutboxMessage;
  readonly tookMs: number;
  /** The worker has said that it could not handle the message. */
  readonly isRefused: boolean;
}

export class InFlight {
  readonly #clock: Clock;
  readonly #onTimeout: () => void;
  #message: OutboxMessage | undefined;
  #sentAtMs = 0;
  #isRefused = false;
  #limitMs = EVENT_TIMEOUT_MS;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, onTimeout: () => void) {
    this.#clock = clock;
    this.#onTimeout = onTimeout;
  }

  get isEmpty(): boolean {
    return this.#message === undefined;
  }

  /** The message has just been sent. */
  begin(message: OutboxMessage): void {
    this.#message = message;
    this.#sentAtMs = this.#clock.elapsedMs();
    this.#isRefused = false;
    this.#limitMs = EVENT_TIMEOUT_MS;
    this.#cancelTimer ??= this.#limit(EVENT_TIMEOUT_MS);
  }

  /** The worker says that it is still at the message. */
  extend(): void {
    this.#limitMs = LONG_EVENT_TIMEOUT_MS;
  }

  /** The worker says that it could not handle the message: it counts as failed once it is acknowledged. */
  refuse(): void {
    this.#isRefused = true;
  }

  /** Ends the flight of the message and returns it; undefined when none was in flight. */
  settle(): Settled | undefined {
    const message = this.#message;
    if (message === undefined) return undefined;
    this.#message = undefined;
    return { message, tookMs: this.#clock.elapsedMs() - this.#sentAtMs, isRefused: this.#isRefused };
  }

  /** Stops the timer. Idempotent. */
  close(): void {
    this.#cancelTimer?.();
  }

  /** One timer for many messages: when it fires, it starts again with the time that the current message has left. */
  #limit(ms: number): () => void {
    return afterSilence(this.#clock, ms, () => {
      this.#cancelTimer = undefined;
      if (this.isEmpty) return;
      const leftMs = this.#sentAtMs + this.#limitMs - this.#clock.elapsedMs();
      if (leftMs > 0) this.#cancelTimer = this.#limit(leftMs);
      else this.#onTimeout();
    });
  }
}
