import type { TimerHandler } from '@azure/functions';
import type { LoadControlApp } from '../app.ts';
import { invocationLog } from './invocation-log.ts';

/** Calls, and kept answers, that are removed in one go. */
const AT_A_TIME = 100;

/** An invocation goes on for so long at most; what is left is for the next one. */
const LIMIT_MS = 60_000;

/** Every hour: removes the calls of the past whose time is over, their timelines, and answers kept for repeated requests. */
export function removeOldCalls(load: LoadControlApp): TimerHandler {
  return async (_timer, context) => {
    const { deps, handovers, idempotency, retentionMs } = await load();
    const startedMs = deps.clock.now();
    const isInTime = (): boolean => deps.clock.now() - startedMs < LIMIT_MS;
    let calls = 0;
    for (;;) {
      const removed = await deps.store.removeEnded(startedMs - retentionMs, AT_A_TIME);
      await Promise.all(removed.map((callId) => handovers.remove(callId)));
      calls += removed.length;
      if (removed.length === 0 || !isInTime()) break;
    }
    let answers = 0;
    for (;;) {
      const removed = await idempotency.removeExpired(startedMs, AT_A_TIME);
      answers += removed;
      if (removed < AT_A_TIME || !isInTime()) break;
    }
    if (calls + answers > 0) invocationLog(context).info('Old calls were removed', { calls, answers });
  };
}
