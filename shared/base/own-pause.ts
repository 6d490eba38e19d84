/**
 * A timer that says something about others: that nobody has answered, or that nothing has come. A process that was held
 * up finds its timers due before it reads what came meanwhile, so it would take its own pause for their silence.
 */
import type { Clock } from './clock.ts';

/** A timer that is later than this shows that the process was held up. */
const HELD_UP_MS = 100;

/**
 * Calls `run` once after `ms` milliseconds. If the timer comes late, it waits as long again as it was late, once and up
 * to `ms`. The returned function cancels that; calling it again does nothing.
 */
export function afterSilence(
  clock: Pick<Clock, 'after' | 'elapsedMs'>,
  ms: number,
  run: () => void,
): () => void {
  const dueMs = clock.elapsedMs() + ms;
  let cancel = clock.after(ms, () => {
    const lateMs = clock.elapsedMs() - dueMs;
    if (lateMs <= HELD_UP_MS) run();
    else cancel = clock.after(Math.min(lateMs, ms), run);
  });
  return () => cancel();
}
