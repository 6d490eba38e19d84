import type { HttpHandler } from '@azure/functions';
import { acted } from '../api/acted.ts';
import type { LoadControlApp } from '../app.ts';
import { loadForUnauthenticated } from '../load-for-strangers.ts';
import { callIdOf, httpFunction } from '../http/invocation.ts';
import { proveRelay } from './prove-relay.ts';

/** Ends a call in which nobody has said anything for as long as its route allows: what a relay asks for, which hears the call, with its ticket. */
export function endIdleCall(load: LoadControlApp): HttpHandler {
  return httpFunction(async (request, log) => {
    const app = await loadForUnauthenticated(load, log);
    await proveRelay(app, request);
    await acted(app.deps, callIdOf(request), { type: 'HangUpRequested', reason: 'idle' }, log);
    return { status: 202 };
  });
}
