/** A bound on how long a request may take, by the relay's own clock. */
import type { Clock } from '../../shared/base/clock.ts';
import { afterSilence } from '../../shared/base/own-pause.ts';

/** Runs `ask` with a signal that aborts after `limitMs`. Settles as `ask` does. */
export async function withTimeLimit<T>(
  clock: Pick<Clock, 'after' | 'elapsedMs'>,
  limitMs: number,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const cancel = afterSilence(clock, limitMs, () => limit.abort(new Error(`no answer within ${limitMs} ms`)));
  try {
    return await ask(limit.signal);
  } finally {
    cancel();
  }
}
