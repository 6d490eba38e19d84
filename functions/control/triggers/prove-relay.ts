import type { HttpRequest } from '@azure/functions';
import { TicketError, verifyTicket } from '../../../shared/wire/signed/ticket.ts';
import type { ControlApp } from '../app.ts';
import { callIdOf, ProblemError } from '../http/invocation.ts';

/** Lets pass whoever has the ticket of the call in the path: the relay that streams it. @throws ProblemError */
export async function proveRelay({ ticketKeys, deps }: ControlApp, request: HttpRequest): Promise<void> {
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
