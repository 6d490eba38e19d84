/** Time as the relay sees it, so that tests can give it another. */
export interface Clock {
  /** Milliseconds since the epoch: for tickets and reports. */
  nowMs(): number;
  /** Milliseconds since some fixed moment, never set back: for durations. */
  elapsedMs(): number;
  /** Runs once after `ms` milliseconds, unless the returned function is called first (which may be called any number of times). */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
