/**
 * What relays ask for over HTTP. Each request carries the ticket of its call, so a relay needs no key and has no
 * power over other calls.
 */
import type { HttpHandler, HttpRequest, HttpResponseInit } from '@azure/functions';
import { MAX_HANDOVER_CHARS } from '../../../shared/wire/relay/stream-handover.ts';
import { verifyTicket } from '../../../shared/wire/signed/ticket.ts';
import { bearerToken, TokenError } from '../../../shared/wire/signed/verify-signed.ts';
import { type ControlApp, type LoadControlApp, loadForUnauthenticated } from '../app.ts';
import { readText } from '../http/body.ts';
import { callIdOfPath, httpHandler } from '../http/invocation.ts';
import { ProblemError, toProblem, unauthorized } from '../http/problems.ts';
import type { Log } from '../use-cases/deps.ts';
import { type CallAction, requestCallAction } from '../use-cases/request-call-action.ts';

/**
 * Stops a call's streaming and starts it again, so that ACS opens a new media stream. A relay asks for it before it
 * stops.
 */
export function restartMediaStreaming(load: LoadControlApp): HttpHandler {
  return relayHandler(load, (app, callId, _request, log) =>
    act(app, callId, { type: 'RestartRequested' }, log),
  );
}

/** Ends a call in which nobody has said anything for as long as its route allows. */
export function endIdleCall(load: LoadControlApp): HttpHandler {
  return relayHandler(load, (app, callId, _request, log) =>
    act(app, callId, { type: 'HangUpRequested', reason: 'idle' }, log),
  );
}

/** The answer has no body: a relay learns nothing about the call that it does not know. */
async function act(app: ControlApp, callId: string, action: CallAction, log: Log): Promise<HttpResponseInit> {
  const outcome = await requestCallAction(app.deps, callId, action, log);
  if (outcome.kind !== 'accepted') throw toProblem(outcome);
  return { status: 202 };
}

/** JWE Compact Serialization (RFC 7516, section 7.1): five parts in base64url. */
const SEALED = /^[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Stores what one media stream of a call leaves for the next: `PUT` replaces it, `GET` answers it, or 204 if there is
 * none. The relays seal it for each other, so the control app cannot read it.
 */
export function streamHandover(load: LoadControlApp): HttpHandler {
  return relayHandler(load, async ({ handovers }, callId, request) => {
    if (request.method === 'PUT') {
      await handovers.put(callId, await readSealed(request));
      return { status: 204 };
    }
    const sealed = await handovers.get(callId);
    const headers = { 'cache-control': 'no-store' };
    return sealed === undefined
      ? { status: 204, headers }
      : { status: 200, headers: { ...headers, 'content-type': 'application/jose' }, body: sealed };
  });
}

async function readSealed(request: HttpRequest): Promise<string> {
  // It is ASCII, so that it has as many bytes as characters.
  const sealed = await readText(request, { maxBytes: MAX_HANDOVER_CHARS });
  if (!SEALED.test(sealed))
    throw new ProblemError('invalid-request', 'A handover must be sealed: a JWE in compact form.');
  return sealed;
}

/** An HTTP handler that runs only for the holder of the ticket of the call in the path. */
function relayHandler(
  load: LoadControlApp,
  run: (app: ControlApp, callId: string, request: HttpRequest, log: Log) => Promise<HttpResponseInit>,
): HttpHandler {
  return httpHandler(async (request, log) => {
    const app = await loadForUnauthenticated(load, log);
    const callId = callIdOfPath(request);
    await checkTicket(app, callId, request.headers.get('authorization'));
    return await run(app, callId, request, log);
  });
}

async function checkTicket(
  { ticketKeys, deps }: ControlApp,
  callId: string,
  authorization: string | null,
): Promise<void> {
  try {
    await verifyTicket(bearerToken(authorization, 'ticket'), callId, ticketKeys, deps.clock.now());
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    throw unauthorized('the ticket of the call', error.reason);
  }
}
