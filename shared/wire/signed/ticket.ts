/**
 * The ticket: the plan of one call, and who is on it, carried in the media URL. It opens the media stream of that call
 * and does nothing else. A sealed token (`sealing.ts`), `aud: relay`, `sub: callId`: a URL ends up in logs, so it shows
 * neither numbers nor plan.
 */
import * as z from 'zod';
import { TRACEPARENT_PATTERN } from '../../base/traceparent.ts';
import type { CallPlan } from '../../call/plan.ts';
import type { CallDirection } from '../../call/states.ts';
import { planSchema } from '../call/plan-schema.ts';
import { type CallControlAccess, signCallToken } from './call-token.ts';
import type { ProvableCall } from './relay-proof.ts';
import { seal } from './sealing.ts';
import { verifySigned } from './verify-signed.ts';

const TICKET_AUDIENCE = 'relay';

/** Shortest ticket key in bytes: the length of the hash (RFC 7518, section 3.2). */
export const TICKET_KEY_MIN_BYTES = 32;

const claimsSchema = z.object({
  from: z.string(),
  to: z.string(),
  plan: planSchema,
  traceparent: z.string().regex(TRACEPARENT_PATTERN).exactOptional(),
  direction: z.enum(['inbound', 'outbound']).exactOptional(),
  controlUrl: z.url({ protocol: /^https?$/ }).exactOptional(),
});

export interface Ticket {
  readonly callId: string;
  /** Raw ids of caller and callee (`4:+1425…`, `8:acs:…`), which workers get with `call.started`. Never logged. */
  readonly from: string;
  readonly to: string;
  readonly plan: CallPlan;
  /** The trace in which the call was answered (W3C Trace Context). */
  readonly traceparent?: string;
  /** Defaults to inbound. */
  readonly direction?: CallDirection;
  /** The address of the control app, for the workers of the call. */
  readonly controlUrl?: string;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/** A verified ticket, and what its holder may pass on to the call's workers. */
export interface VerifiedTicket extends Ticket, ProvableCall {
  /** When the ticket was sealed, in milliseconds since the epoch; 0 when it does not say. */
  readonly issuedAtMs: number;
  /**
   * How a worker of the call reaches the control app, if the ticket says where that is. Signed with the key that
   * opened the ticket, so that the control app accepts it while keys are being rotated.
   */
  readonly controlOf?: (worker: string) => CallControlAccess;
}

/** Seals a ticket. `key` is the UTF-8 text of `RELAY_TICKET_KEY`. */
export function sealTicket(
  { callId, expiresAtMs, ...claims }: Ticket,
  key: string,
  nowMs: number,
): Promise<string> {
  // Issued at a fraction of a second (RFC 7519 allows it), since the relay tells by the ticket's age whether the call
  // can have had a stream before.
  const issued = {
    aud: TICKET_AUDIENCE,
    sub: callId,
    iat: nowMs / 1000,
    exp: Math.floor(expiresAtMs / 1000),
  };
  return seal({ ...claims, ...issued }, 'ticket', key);
}

/** The path and query of the media URL that ACS dials. */
export function mediaPath(callId: string, ticket: string): string {
  return `/media/${callId}?ticket=${ticket}`;
}

/**
 * Opens a ticket with the keys in turn (the current one, then the previous one, so that keys can be rotated).
 * @throws TokenError naming the reason, never quoting the ticket
 */
export async function openTicket(
  token: string,
  callId: string,
  keys: readonly string[],
  nowMs: number,
): Promise<VerifiedTicket> {
  const {
    claims,
    expiresAtMs,
    issuedAtMs = 0,
    key: ticketKey,
  } = await verifySigned(token, {
    token: 'ticket',
    keys,
    sealedFor: 'ticket',
    audience: TICKET_AUDIENCE,
    callId,
    requiredClaims: ['sub'],
    schema: claimsSchema,
    unfit: 'bad plan',
    nowMs,
  });
  const ticket = { callId, ...claims, expiresAtMs, issuedAtMs, ticketKey };
  const { controlUrl: url, direction, from, to } = ticket;
  if (url === undefined) return ticket;
  const peer = direction === 'outbound' ? to : from;
  const controlOf = (worker: string): CallControlAccess => ({
    url,
    token: signCallToken({ callId, worker, expiresAtMs }, ticketKey),
    peer,
  });
  return { ...ticket, controlOf };
}
