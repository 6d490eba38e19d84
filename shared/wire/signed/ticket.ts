/** The ticket: the signed plan of one call, carried in the media URL. JWT, HS256, `aud: relay`, `sub: callId`. */
import { errors, jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';
import { TRACEPARENT_PATTERN } from '../../base/traceparent.ts';
import type { CallPlan } from '../../call/plan.ts';
import type { CallDirection } from '../../call/states.ts';
import { planSchema } from '../call/plan-schema.ts';
import { type CallControlAccess, signCallToken } from './call-token.ts';

export const TICKET_AUDIENCE = 'relay';

/** Shortest ticket key in bytes: that of the hash (RFC 7518, section 3.2). */
export const TICKET_KEY_MIN_BYTES = 32;

const claimsSchema = z.object({
  from: z.string(),
  to: z.string(),
  plan: planSchema,
  traceparent: z.string().regex(TRACEPARENT_PATTERN).exactOptional(),
  direction: z.enum(['inbound', 'outbound']).exactOptional(),
  controlUrl: z.url({ protocol: /^https?$/ }).exactOptional(),
});

/** Clocks of the control app and the relay may differ by this much. */
const CLOCK_TOLERANCE_S = 30;

export interface Ticket {
  readonly callId: string;
  /** Raw ids of caller and called (`4:+1425…`, `8:acs:…`), told to the workers with `call.started`. Never logged. */
  readonly from: string;
  readonly to: string;
  readonly plan: CallPlan;
  /** The trace in which the call was answered (W3C Trace Context). */
  readonly traceparent?: string;
  /** Absent: inbound. */
  readonly direction?: CallDirection;
  /** The address of the control app, for the workers of the call. */
  readonly controlUrl?: string;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/** A ticket that was checked, and what its holder may hand to the call's workers. */
export interface VerifiedTicket extends Ticket {
  /** When the ticket was signed, in milliseconds since the epoch; 0 when it does not say. */
  readonly issuedAtMs: number;
  /** Made with the key by which the ticket was found good, so that the control app knows it while keys are being changed. */
  readonly control?: CallControlAccess;
}

export type TicketRefusal =
  | 'malformed'
  | 'bad signature'
  | 'expired'
  | 'wrong audience'
  | 'bad plan'
  | 'another call';

export class TicketError extends Error {
  override readonly name = 'TicketError';
  readonly reason: TicketRefusal;
  constructor(reason: TicketRefusal, options?: ErrorOptions) {
    super(`ticket refused: ${reason}`, options);
    this.reason = reason;
  }
}

/** Signs a ticket. `key` is the UTF-8 text of `RELAY_TICKET_KEY`. */
export function signTicket(ticket: Ticket, key: string, nowMs: number): Promise<string> {
  const { from, to, plan, traceparent, direction, controlUrl } = ticket;
  // Issued at a fraction of a second (RFC 7519 allows it): a relay tells by the ticket's age whether the call can have had a stream before.
  return new SignJWT({
    from,
    to,
    plan,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(direction === undefined ? {} : { direction }),
    ...(controlUrl === undefined ? {} : { controlUrl }),
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setAudience(TICKET_AUDIENCE)
    .setSubject(ticket.callId)
    .setIssuedAt(nowMs / 1000)
    .setExpirationTime(Math.floor(ticket.expiresAtMs / 1000))
    .sign(new TextEncoder().encode(key));
}

/**
 * Checks a ticket against the keys in turn (the current one, then the one before it, so that keys can be rotated).
 * @throws TicketError naming the reason; never with the ticket's text in the message.
 */
export async function verifyTicket(
  token: string,
  callId: string,
  keys: readonly string[],
  nowMs: number,
): Promise<VerifiedTicket> {
  let refusal = new TicketError('bad signature');
  for (const key of keys) {
    try {
      return await verifyWithKey(token, callId, key, nowMs);
    } catch (error) {
      if (!(error instanceof TicketError)) throw error;
      refusal = error;
      if (error.reason !== 'bad signature') break;
    }
  }
  throw refusal;
}

async function verifyWithKey(
  token: string,
  callId: string,
  key: string,
  nowMs: number,
): Promise<VerifiedTicket> {
  const claims = await jwtVerify(token, new TextEncoder().encode(key), {
    algorithms: ['HS256'],
    audience: TICKET_AUDIENCE,
    requiredClaims: ['sub', 'exp'],
    clockTolerance: CLOCK_TOLERANCE_S,
    currentDate: new Date(nowMs),
  }).catch((cause: unknown) => {
    throw new TicketError(refusalOf(cause), { cause });
  });
  const { sub, exp, iat } = claims.payload;
  if (sub !== callId) throw new TicketError('another call');
  const parsed = claimsSchema.safeParse(claims.payload);
  if (!parsed.success) throw new TicketError('bad plan', { cause: parsed.error });
  const times = { issuedAtMs: Math.round((iat ?? 0) * 1000), expiresAtMs: (exp ?? 0) * 1000 };
  const ticket = { callId, ...parsed.data, ...times };
  const { controlUrl, direction, from, to } = ticket;
  if (controlUrl === undefined) return ticket;
  const peer = direction === 'outbound' ? to : from;
  return { ...ticket, control: { url: controlUrl, token: await signCallToken(ticket, key), peer } };
}

function refusalOf(cause: unknown): TicketRefusal {
  if (cause instanceof errors.JWSSignatureVerificationFailed) return 'bad signature';
  if (cause instanceof errors.JWTExpired) return 'expired';
  if (cause instanceof errors.JWTClaimValidationFailed && cause.claim === 'aud') return 'wrong audience';
  return 'malformed';
}
