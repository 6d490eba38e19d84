import { StallingClock } from './stalling-clock.ts';

/** How often time goes on. */
const STEP_EVERY_MS = 1;
/** The most that passes in one step. */
const LONGEST_STEP_MS = 8;

/**
 * Time that goes on with the machine's, but only while this process runs: between two small steps of it the sockets are
 * read. However long the process is held up, programs in it that talk over real sockets and share this clock stay as
 * close to each other as on a machine at rest.
 */
export class RunningTime {
  /** Starts at the present, in milliseconds since 1970. */
  readonly clock = new StallingClock(Date.now());
  #lastMs = performance.now();
  readonly #timer = setInterval(() => {
    const nowMs = performance.now();
    this.clock.advance(Math.min(nowMs - this.#lastMs, LONGEST_STEP_MS));
    this.#lastMs = nowMs;
  }, STEP_EVERY_MS);

  /** Time stands still from now on. Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
