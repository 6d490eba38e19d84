/** Time as a process sees it. Code takes a clock as a parameter, so that tests and replay control time. */
export interface Clock {
  /** Milliseconds since the epoch, for tickets and reports. */
  nowMs(): number;
  /** Milliseconds since a fixed moment, for durations. This clock is never set back. */
  elapsedMs(): number;
  /** Calls `run` once after `ms` milliseconds. The returned function cancels that; calling it again does nothing. */
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
