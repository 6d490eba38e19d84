import { type RelayAction, signRelayProof } from '../../shared/wire/signed/relay-proof.ts';
import { sealTicket, type Ticket } from '../../shared/wire/signed/ticket.ts';
import { PLAN } from './calls.ts';
import { CONNECTED_ID } from './connected-call.ts';
import { CALLED, CALLER, type ControlFixture, TICKET_KEY } from './control-fixture.ts';

/** How long a ticket is good for, from the fixture's now. */
const TICKET_LIFE_MS = 60_000;

/** The ticket of the call that comes in to the fixture, sealed now; what a test forges of it is given. */
export function callTicket(
  fixture: Pick<ControlFixture, 'nowMs'>,
  forged: Partial<Ticket> = {},
  key = TICKET_KEY,
): Promise<string> {
  const expiresAtMs = fixture.nowMs + TICKET_LIFE_MS;
  return sealTicket(
    { callId: CONNECTED_ID, from: CALLER, to: CALLED, plan: PLAN, expiresAtMs, ...forged },
    key,
    fixture.nowMs,
  );
}

/** The proof of the relay that streams the call of the fixture, signed now for one action. */
export function relayProof(
  fixture: Pick<ControlFixture, 'nowMs'>,
  action: RelayAction,
  callId = CONNECTED_ID,
  ticketKey = TICKET_KEY,
): Promise<string> {
  return signRelayProof({ callId, ticketKey }, action, fixture.nowMs);
}
