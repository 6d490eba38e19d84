/** Time as the emulators see it, so that a test can let half an hour pass at once. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `run` once after `ms` milliseconds unless the returned function was called before. */
  after(ms: number, run: () => void): () => void;
}

/** The machine's own time. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms` milliseconds, or at once when the signal is aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const wake = (): void => {
      cancel();
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = clock.after(ms, wake);
    signal?.addEventListener('abort', wake, { once: true });
  });
}

/** A clock that shows another time, and whose waits are as long as ever. */
export function skewedClock(clock: Clock, skewMs: () => number): Clock {
  return { now: () => clock.now() + skewMs(), after: (ms, run) => clock.after(ms, run) };
}

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
  /** Ends the wait on the clock beneath. */
  cancel: () => void;
}

/** A clock that goes like the one beneath it. `advance` puts it forward; what falls due happens at once, in order. */
export class VirtualClock implements Clock {
  readonly #base: Clock;
  readonly #timers = new Set<Timer>();
  #aheadMs = 0;

  constructor(base: Clock) {
    this.#base = base;
  }

  /** How far this clock is ahead of the one beneath. */
  get aheadMs(): number {
    return this.#aheadMs;
  }

  now(): number {
    return this.#base.now() + this.#aheadMs;
  }

  after(ms: number, run: () => void): () => void {
    const timer: Timer = { dueMs: this.now() + ms, run, cancel: () => {} };
    this.#timers.add(timer);
    this.#arm(timer);
    return () => {
      timer.cancel();
      this.#timers.delete(timer);
    };
  }

  /** Puts the clock forward, and runs every timer that is due by then. @throws RangeError for a negative time */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`a clock can only be put forward, not by ${ms} ms`);
    const untilMs = this.now() + ms;
    for (let timer = this.#next(untilMs); timer !== undefined; timer = this.#next(untilMs)) {
      this.#putForwardTo(timer.dueMs);
      timer.cancel();
      this.#fire(timer);
    }
    this.#putForwardTo(untilMs);
    for (const timer of this.#timers) {
      timer.cancel();
      this.#arm(timer);
    }
  }

  #putForwardTo(ms: number): void {
    this.#aheadMs += Math.max(0, ms - this.now());
  }

  #next(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    return next;
  }

  #arm(timer: Timer): void {
    timer.cancel = this.#base.after(Math.max(0, timer.dueMs - this.now()), () => this.#fire(timer));
  }

  #fire(timer: Timer): void {
    if (this.#timers.delete(timer)) timer.run();
  }
}
