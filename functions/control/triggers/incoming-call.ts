import type { EventGridHandler } from '@azure/functions';
import { parseGridEvent } from '../adapters/acs/incoming-call.ts';
import type { LoadControlApp } from '../app.ts';
import { invocationLog } from '../http/invocation.ts';
import { receiveIncomingCall } from '../use-cases/receive-incoming-call.ts';

/**
 * Event Grid: one event for each invocation. If it throws, Event Grid delivers the event again. An event that cannot
 * be understood is acknowledged, since another delivery would not help.
 */
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
        log.info('Ignored an event of another type', { type: parsed.type });
        return;
      case 'malformed':
        log.error('Ignored a malformed event', { problem: parsed.problem });
        return;
    }
  };
}
