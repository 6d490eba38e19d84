import type { HttpHandler } from '@azure/functions';
import { acted } from '../api/acted.ts';
import type { LoadControlApp } from '../app.ts';
import { loadForUnauthenticated } from '../load-for-strangers.ts';
import { callIdOf, httpFunction } from '../http/invocation.ts';
import { proveRelay } from './prove-relay.ts';

/**
 * Stops a call's streaming and starts it again, so that ACS opens its media stream anew: what a relay asks for that is to end. Its proof is
 * the ticket of that very call, which it was given with the stream, so that a relay needs no key and has no power over other calls.
 */
export function restartMediaStreaming(load: LoadControlApp): HttpHandler {
  return httpFunction(async (request, log) => {
    const app = await loadForUnauthenticated(load, log);
    await proveRelay(app, request);
    await acted(app.deps, callIdOf(request), { type: 'RestartRequested' }, log);
    // A relay learns nothing about the call that it does not know.
    return { status: 202 };
  });
}
