import type { HttpHandler } from '@azure/functions';
import { TokenError } from '../../../shared/wire/signed/verify-signed.ts';
import { parseCallbacks } from '../adapters/acs/callback-events.ts';
import { type ControlApp, type LoadControlApp, loadForUnauthenticated } from '../app.ts';
import { readJson } from '../http/body.ts';
import { callIdOfPath, httpHandler } from '../http/invocation.ts';
import { callNotFound, unauthorized } from '../http/problems.ts';
import { applyCallbacks } from '../use-cases/apply-callbacks.ts';

/** Largest body of a callback, in bytes. */
const MAX_BODY_BYTES = 1_048_576;

/** The callback of ACS. It verifies the caller first, and answers 200 once the events are stored and acted upon. */
export function callEvents(load: LoadControlApp): HttpHandler {
  return httpHandler(async (request, log) => {
    const app = await loadForUnauthenticated(load, log);
    await checkCaller(app, request.headers.get('authorization') ?? undefined);
    const callId = callIdOfPath(request);
    const { callbacks, ignored } = parseCallbacks(await readJson(request, MAX_BODY_BYTES));
    if (ignored > 0) log.warn('Ignored malformed entries of a callback', { callId, ignored });
    if (!(await applyCallbacks(app.deps, callId, callbacks, log))) throw callNotFound();
    return { status: 200 };
  });
}

async function checkCaller(app: ControlApp, authorization: string | undefined): Promise<void> {
  try {
    await app.acsTokens.verify(authorization, app.deps.clock.now());
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    throw unauthorized('a token of Azure Communication Services', error.reason);
  }
}
