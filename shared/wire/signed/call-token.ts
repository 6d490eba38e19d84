/**
 * The token with which one worker acts on its call, and on no other. JWT, HS256, `aud: calls`, `sub: callId`, `worker:
 * name`, signed with the key of the call's ticket, and valid as long as the ticket. The control app accepts it while
 * the worker is on the call, for as much as the worker's part in the plan allows.
 */
import * as z from 'zod';
import { signJwt } from '../../base/sign-jwt.ts';
import { CALL_ID_PATTERN, WORKER_NAME_PATTERN } from '../names.ts';
import { verifySigned } from './verify-signed.ts';

const CALL_TOKEN_AUDIENCE = 'calls';

/** Whose token it is. */
export interface CallTokenHolder {
  readonly callId: string;
  readonly worker: string;
}

/** How a worker reaches the API of its call. The token is never logged. */
export interface CallControlAccess {
  /** The address of the control app. */
  readonly url: string;
  readonly token: string;
  /** The raw id of the person at the other end: the caller, or the callee if the application placed the call. */
  readonly peer: string;
}

/**
 * Signs at once, since each `call.started` gets its token while it is being sent.
 * @param key the UTF-8 text of a ticket key
 */
export function signCallToken(
  { callId, worker, expiresAtMs }: CallTokenHolder & { readonly expiresAtMs: number },
  key: string,
): string {
  const exp = Math.floor(expiresAtMs / 1000);
  return signJwt({ aud: CALL_TOKEN_AUDIENCE, sub: callId, worker, exp }, key);
}

const claimsSchema = z.object({
  sub: z.string().regex(CALL_ID_PATTERN),
  worker: z.string().regex(WORKER_NAME_PATTERN),
});

/**
 * Says whose token it is. `keys` are the current ticket key and the previous one.
 * @throws TokenError
 */
export async function verifyCallToken(
  token: string,
  keys: readonly string[],
  nowMs: number,
): Promise<CallTokenHolder> {
  const { claims } = await verifySigned(token, {
    token: 'call token',
    keys,
    audience: CALL_TOKEN_AUDIENCE,
    schema: claimsSchema,
    nowMs,
  });
  return { callId: claims.sub, worker: claims.worker };
}
