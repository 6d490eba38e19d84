/** Watches how late the event loop is, for the metrics and to decide whether the relay can take another call. */
import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import type { LoopDelay, watchLoopDelay } from './loop-delay.ts';
import { Overload } from './overload.ts';

interface LoopWatchOptions {
  /** The largest median delay of a window that is still fine, in milliseconds. */
  readonly maxDelayMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Measures the delay. */
  readonly watch: typeof watchLoopDelay;
}

export class LoopWatch {
  readonly #options: LoopWatchOptions;
  readonly #overload: Overload;
  #delay: LoopDelay = { p50: 0, p99: 0, max: 0 };
  #stop: (() => void) | undefined;

  constructor(options: LoopWatchOptions) {
    this.#options = options;
    this.#overload = new Overload(options.maxDelayMs);
  }

  /** The delay in the last window; 0 before the first window has passed. */
  get delay(): LoopDelay {
    return this.#delay;
  }

  /** Whether the event loop is too late for another call. */
  get isOverloaded(): boolean {
    return this.#overload.isOverloaded;
  }

  /** Begins to measure. Idempotent. */
  start(): void {
    const { watch, clock } = this.#options;
    this.#stop ??= watch(clock, (delay) => this.#add(delay));
  }

  /** Stops measuring; keeps what it found last. Idempotent. */
  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #add(delay: LoopDelay): void {
    const before = this.isOverloaded;
    this.#delay = delay;
    this.#overload.add(delay.p50);
    const { isOverloaded } = this;
    if (isOverloaded === before) return;
    const what = isOverloaded
      ? 'the event loop is late: the relay takes no further call'
      : 'the event loop is on time again: the relay takes calls';
    this.#options.log.warn({ isOverloaded, delayMs: Math.round(delay.p50) }, what);
  }
}
