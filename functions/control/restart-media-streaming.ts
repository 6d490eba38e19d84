import type { HttpHandler, HttpRequest } from '@azure/functions';
import { TicketError, verifyTicket } from '../../shared/protocol/ticket.ts';
import { acted } from './api/acted.ts';
import type { ControlApp, LoadControlApp } from './control-app.ts';
import { callIdOf, httpFunction, ProblemError } from './http.ts';

/**
 * Stops a call's streaming and starts it again, so that ACS opens its media stream anew: what a relay asks for that is to end. Its proof is
 * the ticket of that very call, which it was given with the stream, so that a relay needs no key and has no power over other calls.
 */
export function restartMediaStreaming(load: LoadControlApp): HttpHandler {
  return httpFunction(async (request, log) => {
    const app = await load();
    await proveRelay(app, request);
    await acted(app.deps, callIdOf(request), { type: 'RestartRequested' }, log);
    // A relay learns nothing about the call that it does not know.
    return { status: 202 };
  });
}

async function proveRelay({ ticketKeys, deps }: ControlApp, request: HttpRequest): Promise<void> {
  const callId = callIdOf(request);
  const ticket = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  if (ticket === undefined) throw unproven('missing');
  try {
    await verifyTicket(ticket, callId, ticketKeys, deps.clock.now());
  } catch (error) {
    if (!(error instanceof TicketError)) throw error;
    throw unproven(error.reason);
  }
}

function unproven(reason: string): ProblemError {
  return new ProblemError(
    'unauthorized',
    `The request must carry the ticket of the call: ${reason}.`,
    {},
    { 'www-authenticate': 'Bearer' },
  );
}
