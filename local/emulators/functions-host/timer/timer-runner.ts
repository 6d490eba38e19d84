import { type Clock, systemClock } from '../../common/clock.ts';
import type { RpcTypedData } from '../app/core-types.ts';
import type { TimerFunction } from '../functions/function-index.ts';
import { type Invoker, systemMetadata } from '../functions/invoker.ts';

/** The longest single wait: a clock that is set, or a machine that slept, is noticed within it. */
const LONGEST_WAIT_MS = 60_000;

/**
 * Runs one timer function on its schedule.
 *
 * ```
 * idle ──start()──▶ waiting ──due──▶ running ──ended──▶ waiting
 *                      └───────────close()──────┴──▶ closed
 * ```
 * Runs of one function never overlap: the next occurrence is looked for when a run has ended, so what came due
 * meanwhile is skipped. When a wait ends so late that a later occurrence has passed as well, there is one run, marked
 * past due.
 */
export class TimerRunner {
  readonly #target: TimerFunction;
  readonly #invoker: Invoker;
  readonly #clock: Clock;
  #state: 'idle' | 'waiting' | 'running' | 'closed' = 'idle';
  #status: TimerStatus;
  #cancelWait: () => void = () => {};

  constructor(target: TimerFunction, invoker: Invoker, clock: Clock = systemClock) {
    this.#target = target;
    this.#invoker = invoker;
    this.#clock = clock;
    this.#status = {
      lastMs: undefined,
      nextMs: this.#nextAfter(clock.now()),
      lastUpdatedMs: undefined,
    };
  }

  start(): void {
    if (this.#state !== 'idle') return;
    if (this.#target.runOnStartup) void this.#run(false);
    else this.#wait();
  }

  /** Stops the schedule; a run that has begun is not interrupted. */
  close(): void {
    this.#state = 'closed';
    this.#cancelWait();
  }

  /**
   * Runs the function now, besides its schedule.
   *
   * @throws what the function threw
   */
  async runOnce(isPastDue = false, reason?: string): Promise<void> {
    await this.#invoker.invoke(this.#target, {
      data: timerInput(this.#target, this.#status, isPastDue),
      triggerMetadata: systemMetadata(this.#target.name),
      ...(reason === undefined ? {} : { reason }),
    });
  }

  #nextAfter(ms: number): number {
    return this.#target.schedule.next(new Date(ms)).getTime();
  }

  #wait(): void {
    this.#state = 'waiting';
    const remaining = this.#status.nextMs - this.#clock.now();
    this.#cancelWait = this.#clock.after(Math.min(Math.max(remaining, 0), LONGEST_WAIT_MS), () => {
      const now = this.#clock.now();
      if (now < this.#status.nextMs) this.#wait();
      else void this.#run(now >= this.#nextAfter(this.#status.nextMs));
    });
  }

  async #run(isPastDue: boolean): Promise<void> {
    this.#state = 'running';
    const startedMs = this.#clock.now();
    try {
      await this.runOnce(isPastDue, `Timer fired at ${new Date(startedMs).toISOString()}`);
    } catch {
      // The invoker has logged it; the schedule goes on.
    }
    const endedMs = this.#clock.now();
    this.#status = { lastMs: startedMs, nextMs: this.#nextAfter(endedMs), lastUpdatedMs: endedMs };
    // Closing may have come while the function ran.
    if (this.#isClosed()) return;
    this.#wait();
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }
}

/** What is remembered of a timer between two runs, in milliseconds since 1970. */
interface TimerStatus {
  readonly lastMs: number | undefined;
  readonly nextMs: number;
  readonly lastUpdatedMs: number | undefined;
}

const NEVER = '0001-01-01T00:00:00+00:00';
const MINUTE_MS = 60_000;
const OCCURRENCES_LOOKED_AT = 4;

/**
 * The input of a timer function. The schedule's status is left out for timers that are not monitored: those that say
 * so, and those that come more often than once a minute.
 */
function timerInput(target: TimerFunction, status: TimerStatus, isPastDue: boolean): RpcTypedData {
  const scheduleStatus = isMonitored(target, status.nextMs)
    ? {
        Last: instant(status.lastMs),
        Next: instant(status.nextMs),
        LastUpdated: instant(status.lastUpdatedMs),
      }
    : null;
  return {
    json: JSON.stringify({
      Schedule: { AdjustForDST: true },
      ScheduleStatus: scheduleStatus,
      IsPastDue: isPastDue,
    }),
  };
}

function isMonitored(target: TimerFunction, nextMs: number): boolean {
  if (!target.useMonitor) return false;
  let atMs = nextMs;
  for (let looked = 0; looked < OCCURRENCES_LOOKED_AT; looked += 1) {
    const followingMs = target.schedule.next(new Date(atMs)).getTime();
    if (followingMs - atMs < MINUTE_MS) return false;
    atMs = followingMs;
  }
  return true;
}

function instant(ms: number | undefined): string {
  return ms === undefined ? NEVER : new Date(ms).toISOString();
}
