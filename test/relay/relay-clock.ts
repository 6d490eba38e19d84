interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** A clock of the relay that stands still until it is told to go on. */
export class RelayClock {
  readonly #timers = new Set<Timer>();
  readonly #originMs: number;
  #elapsedMs = 0;

  constructor(originMs = Date.UTC(2026, 0, 1)) {
    this.#originMs = originMs;
  }

  nowMs(): number {
    return this.#originMs + this.#elapsedMs;
  }

  elapsedMs(): number {
    return this.#elapsedMs;
  }

  after(ms: number, run: () => void): () => void {
    const timer: Timer = { dueMs: this.#elapsedMs + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that are still to run. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass, running what falls due in order, and lets promises settle after each. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms;
    await settled();
    for (let timer = this.#next(untilMs); timer !== undefined; timer = this.#next(untilMs)) {
      this.#timers.delete(timer);
      this.#elapsedMs = timer.dueMs;
      timer.run();
      await settled();
    }
    this.#elapsedMs = untilMs;
  }

  /** Time passes in which the process does nothing; what was due in it runs at its end. */
  async beHeldUp(ms: number): Promise<void> {
    this.#elapsedMs += ms;
    const late = [...this.#timers].filter(({ dueMs }) => dueMs <= this.#elapsedMs);
    for (const timer of late.sort((a, b) => a.dueMs - b.dueMs)) if (this.#timers.delete(timer)) timer.run();
    await settled();
  }

  #next(untilMs: number): Timer | undefined {
    const due = [...this.#timers].filter((timer) => timer.dueMs <= untilMs);
    return due.sort((a, b) => a.dueMs - b.dueMs)[0];
  }
}

/** Lets everything run that waits for nothing but promises. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
