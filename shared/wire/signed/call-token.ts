/**
 * The token with which workers control their call, and no other. JWT, HS256, `aud: calls`, `sub: callId`, signed with
 * the key of the call's ticket, and valid as long as the ticket.
 */
import { SignJWT } from 'jose';
import * as z from 'zod';
import { CALL_ID_PATTERN } from '../names.ts';
import { verifySigned } from './verify-signed.ts';

const CALL_TOKEN_AUDIENCE = 'calls';

/** How a worker reaches the API of its call. The token is never logged. */
export interface CallControlAccess {
  /** The address of the control app. */
  readonly url: string;
  readonly token: string;
  /** The raw id of the person at the other end: the caller, or the callee if the application placed the call. */
  readonly peer: string;
}

/** @param key the UTF-8 text of a ticket key */
export function signCallToken(
  { callId, expiresAtMs }: { readonly callId: string; readonly expiresAtMs: number },
  key: string,
): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setAudience(CALL_TOKEN_AUDIENCE)
    .setSubject(callId)
    .setExpirationTime(Math.floor(expiresAtMs / 1000))
    .sign(new TextEncoder().encode(key));
}

const claimsSchema = z.object({ sub: z.string().regex(CALL_ID_PATTERN) });

/**
 * The id of the call that the token is for. `keys` are the current ticket key and the previous one.
 * @throws TokenError
 */
export async function verifyCallToken(
  token: string,
  keys: readonly string[],
  nowMs: number,
): Promise<string> {
  const { claims } = await verifySigned(token, {
    token: 'call token',
    keys,
    audience: CALL_TOKEN_AUDIENCE,
    schema: claimsSchema,
    nowMs,
  });
  return claims.sub;
}
