import type { Clock } from './clock.ts';

/** A clock that shows another time, and whose waits are as long as ever. */
export function skewedClock(clock: Clock, skewMs: () => number): Clock {
  return { now: () => clock.now() + skewMs(), after: (ms, run) => clock.after(ms, run) };
}
