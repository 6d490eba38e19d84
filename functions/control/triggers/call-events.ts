import type { HttpHandler } from '@azure/functions';
import { AcsTokenError } from '../../../shared/wire/acs/acs-token.ts';
import { parseCallbacks } from '../adapters/acs/callback-events.ts';
import type { ControlApp, LoadControlApp } from '../app.ts';
import { loadForUnauthenticated } from '../load-for-strangers.ts';
import { applyCallbacks } from '../use-cases/apply-callbacks.ts';
import { callIdOf, httpFunction, ProblemError, readJson, unknownCall } from '../http/invocation.ts';

/** The callback of ACS: proves its caller first, answers 200 once the events are stored and acted upon. */
export function callEvents(load: LoadControlApp): HttpHandler {
  return httpFunction(async (request, log) => {
    const app = await loadForUnauthenticated(load, log);
    await proveCaller(app, request.headers.get('authorization') ?? undefined);
    const callId = callIdOf(request);
    const { callbacks, ignored } = parseCallbacks(await readJson(request));
    if (ignored > 0) log.warn('Entries of a callback were not understood', { callId, ignored });
    if (!(await applyCallbacks(app.deps, callId, callbacks, log))) throw unknownCall();
    return { status: 200 };
  });
}

async function proveCaller(app: ControlApp, authorization: string | undefined): Promise<void> {
  try {
    await app.acsTokens.verify(authorization, app.deps.clock.now());
  } catch (error) {
    if (!(error instanceof AcsTokenError)) throw error;
    if (error.reason === 'keys unavailable')
      throw new ProblemError('token-keys-unavailable', 'The keys of the token cannot be fetched now.');
    throw new ProblemError(
      'unauthorized',
      `The request must carry a token of Azure Communication Services: ${error.reason}.`,
      {},
      { 'www-authenticate': 'Bearer' },
    );
  }
}
