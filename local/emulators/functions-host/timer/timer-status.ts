import type { RpcTypedData } from '../app/core-types.ts';
import type { TimerFunction } from '../functions/function-index.ts';

/** What is remembered of a timer between two runs, in milliseconds since 1970. */
export interface TimerStatus {
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
export function timerInput(target: TimerFunction, status: TimerStatus, isPastDue: boolean): RpcTypedData {
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
