/**
 * The proof with which a relay asks the control app to restart the streaming of a call, to end an idle call, or for
 * its handover, and reports that it no longer streams the call. JWT, HS256, `aud: control`, `sub: callId`, signed with
 * the key of the call's ticket and valid for a minute. The ticket itself proves nothing there: it is in a URL, and URLs
 * end up in logs.
 */
import { SignJWT } from 'jose';
import * as z from 'zod';
import { verifySigned } from './verify-signed.ts';

const RELAY_PROOF_AUDIENCE = 'control';

const RELAY_PROOF_LIFETIME_S = 60;

/** What a relay needs to speak for a call. A verified ticket has it. */
export interface ProvableCall {
  readonly callId: string;
  /** The key that opened the call's ticket, as UTF-8 text, so that keys can be rotated in any order. Never logged. */
  readonly ticketKey: string;
}

export function signRelayProof({ callId, ticketKey }: ProvableCall, nowMs: number): Promise<string> {
  const nowS = Math.floor(nowMs / 1000);
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setAudience(RELAY_PROOF_AUDIENCE)
    .setSubject(callId)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + RELAY_PROOF_LIFETIME_S)
    .sign(new TextEncoder().encode(ticketKey));
}

/** `keys` are the current ticket key and the previous one. @throws TokenError */
export async function verifyRelayProof(
  token: string,
  callId: string,
  keys: readonly string[],
  nowMs: number,
): Promise<void> {
  await verifySigned(token, {
    token: 'relay proof',
    keys,
    audience: RELAY_PROOF_AUDIENCE,
    callId,
    schema: z.unknown(),
    maxLifetimeS: RELAY_PROOF_LIFETIME_S,
    nowMs,
  });
}
