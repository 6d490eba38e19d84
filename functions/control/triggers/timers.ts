import type { TimerHandler } from '@azure/functions';
import type { LoadControlApp } from '../app.ts';
import { invocationLog } from '../http/invocation.ts';
import { sweepCalls } from '../use-cases/sweep-calls.ts';

/** Every minute: makes our calls agree with ACS, and ends those that were left behind. */
export function sweepTimer(load: LoadControlApp): TimerHandler {
  return async (_timer, context) => {
    const { deps } = await load();
    const log = invocationLog(context);
    const { looked, changed, failed } = await sweepCalls(deps, log);
    if (changed > 0 || failed > 0) log.info('Swept the calls', { looked, changed, failed });
  };
}

/** Calls, and stored answers, that are removed at a time. */
const AT_A_TIME = 100;

/** An invocation sends storage nothing more after this long, however long a timeline is. The next one goes on. */
const LIMIT_MS = 60_000;

/** Every hour: removes expired calls with their timelines and handovers, and expired answers to repeated requests. */
export function removalTimer(load: LoadControlApp): TimerHandler {
  return async (_timer, context) => {
    const { deps, handovers, idempotency, retentionMs } = await load();
    const startedMs = deps.clock.now();
    const isInTime = (): boolean => deps.clock.now() - startedMs < LIMIT_MS;
    let calls = 0;
    for (;;) {
      const removed = await deps.store.removeEnded(startedMs - retentionMs, AT_A_TIME, isInTime);
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
    if (calls + answers > 0) invocationLog(context).info('Removed old calls and answers', { calls, answers });
  };
}
