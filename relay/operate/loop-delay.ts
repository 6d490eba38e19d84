/** Measures how late the event loop of this process is, with Node's own monitor, a window at a time. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../../shared/base/clock.ts';
import { WINDOW_MS } from './overload.ts';

/** How often the monitor's timer fires. A reading is the time between two firings, so it includes this interval. */
const RESOLUTION_MS = 10;
const NANOSECONDS = 1_000_000;

/** Milliseconds by which the loop came round later than it should have. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Calls `onWindow` with each window that has passed, until the returned function is called. */
export function watchLoopDelay(clock: Clock, onWindow: (delay: LoopDelay) => void): () => void {
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const beyond = (nanoseconds: number): number => Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS);
  let cancel = (): void => {};
  const next = (): void => {
    cancel = clock.after(WINDOW_MS, () => {
      // A window without a reading says nothing.
      if (monitor.count > 0) {
        onWindow({
          p50: beyond(monitor.percentile(50)),
          p99: beyond(monitor.percentile(99)),
          max: beyond(monitor.max),
        });
      }
      monitor.reset();
      next();
    });
  };
  monitor.enable();
  next();
  return () => {
    cancel();
    monitor.disable();
  };
}
