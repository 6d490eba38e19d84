import type { EventGridHandler } from '@azure/functions';
import { parseGridEvent } from '../adapters/acs/incoming-call.ts';
import type { LoadControlApp } from '../app.ts';
import { receiveIncomingCall } from '../use-cases/receive-incoming-call.ts';
import { invocationLog } from './invocation-log.ts';

/** Event Grid: one event for each invocation. A throw has it delivered again; what cannot be understood never will be, so it is acknowledged. */
export function incomingCall(load: LoadControlApp): EventGridHandler<unknown> {
  return async (event, context) => {
    const log = invocationLog(context);
    const { deps } = await load();
    const parsed = parseGridEvent(event);
    switch (parsed.kind) {
      case 'incomingCall':
        await receiveIncomingCall(deps, parsed.call, log, context.traceContext?.traceParent ?? undefined);
        return;
      case 'other':
        log.info('An event of another type was ignored', { type: parsed.type });
        return;
      case 'malformed':
        log.error('An event was not understood and is ignored', { problem: parsed.problem });
        return;
    }
  };
}
