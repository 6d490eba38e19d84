/**
 * The proof with which a relay asks the control app for one action on one call. JWT, HS256, `aud: control`,
 * `sub: callId`, `action`, signed with the key of the call's ticket and valid for a minute. It opens the door of its
 * action alone, and may be sent again until it expires (decision 151). The ticket itself proves nothing there: it is in
 * a URL, and URLs end up in logs.
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

/**
 * What a relay asks for: to restart the streaming, to end an idle call, what the last stream has left, to store what
 * this one leaves, to enter what workers publish (`notes`). `ended` and `lost` report that the relay no longer streams
 * the call.
 */
export type RelayAction =
  | 'restart'
  | 'idle'
  | 'ended'
  | 'lost'
  | 'notes'
  | 'read-handover'
  | 'store-handover';

export function signRelayProof(
  { callId, ticketKey }: ProvableCall,
  action: RelayAction,
  nowMs: number,
): Promise<string> {
  const nowS = Math.floor(nowMs / 1000);
  return new SignJWT({ action })
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
  { callId, action }: { readonly callId: string; readonly action: RelayAction },
  keys: readonly string[],
  nowMs: number,
): Promise<void> {
  await verifySigned(token, {
    token: 'relay proof',
    keys,
    audience: RELAY_PROOF_AUDIENCE,
    callId,
    schema: z.object({ action: z.literal(action) }),
    unfit: 'another action',
    maxLifetimeS: RELAY_PROOF_LIFETIME_S,
    nowMs,
  });
}
