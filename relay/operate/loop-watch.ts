/** Watches how late the event loop is from the start of the relay to its end: for the metrics, and to say when a further call is too much. */
import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import { type LoopDelay, NO_DELAY, watchLoopDelay } from './loop-delay.ts';
import { Overload } from './overload.ts';

export interface LoopWatchOptions {
  /** The median delay of a window that is too much, in milliseconds. */
  readonly maxDelayMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** By which it is measured. */
  readonly watch?: typeof watchLoopDelay;
}

export class LoopWatch {
  readonly #options: LoopWatchOptions;
  readonly #overload: Overload;
  #delay = NO_DELAY;
  #stop: (() => void) | undefined;

  constructor(options: LoopWatchOptions) {
    this.#options = options;
    this.#overload = new Overload(options.maxDelayMs);
  }

  /** In the last window; no delay before the first has passed. */
  get delay(): LoopDelay {
    return this.#delay;
  }

  /** Whether the process is too late for a further call. */
  get isOverloaded(): boolean {
    return this.#overload.isOverloaded;
  }

  /** Begins to measure. Idempotent. */
  start(): void {
    const { watch = watchLoopDelay, clock } = this.#options;
    this.#stop ??= watch(clock, (delay) => this.#add(delay));
  }

  /** Measures no more; what was found last stays. Idempotent. */
  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #add(delay: LoopDelay): void {
    const before = this.isOverloaded;
    this.#delay = delay;
    this.#overload.add(delay.p50);
    const { isOverloaded } = this;
    if (isOverloaded !== before)
      this.#options.log.warn({ isOverloaded, delayMs: Math.round(delay.p50) }, 'the event loop');
  }
}
