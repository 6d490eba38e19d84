import type { TimerHandler } from '@azure/functions';
import type { LoadControlApp } from '../app.ts';
import { sweepCalls as sweep } from '../use-cases/sweep-calls.ts';
import { invocationLog } from './invocation-log.ts';

/** Every minute: ends what was left behind. */
export function sweepCalls(load: LoadControlApp): TimerHandler {
  return async (_timer, context) => {
    const { deps } = await load();
    const log = invocationLog(context);
    const { looked, changed, failed } = await sweep(deps, log);
    if (changed > 0 || failed > 0) log.info('Calls were swept', { looked, changed, failed });
  };
}
