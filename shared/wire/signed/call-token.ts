/**
 * The token with which the workers of a call may control it: that call and no other. JWT, HS256, `aud: calls`, `sub: callId`, signed with the key of
 * the call's ticket, and as long valid as the ticket.
 */
import { jwtVerify, SignJWT } from 'jose';
import { CALL_ID_PATTERN } from '../names.ts';
import { type TokenRefusal, tokenRefusalOf } from './token-refusal.ts';

export const CALL_TOKEN_AUDIENCE = 'calls';

/** The clocks of who signs and who checks may differ by this much. */
const CLOCK_TOLERANCE_S = 30;

/** How a worker reaches the API of its call. The token is never logged. */
export interface CallControlAccess {
  /** The address of the control app. */
  readonly url: string;
  readonly token: string;
  /** The raw id of whom the application speaks with: who called, or was called by it. */
  readonly peer: string;
}

/** The message never holds the token. */
export class CallTokenError extends Error {
  override readonly name = 'CallTokenError';
  readonly reason: TokenRefusal;
  constructor(reason: TokenRefusal, options?: ErrorOptions) {
    super(`call token refused: ${reason}`, options);
    this.reason = reason;
  }
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

/**
 * The call that the token is for. `keys`: the present one and the one before it.
 * @throws CallTokenError
 */
export async function verifyCallToken(
  token: string,
  keys: readonly string[],
  nowMs: number,
): Promise<string> {
  let refusal = new CallTokenError('bad signature');
  for (const key of keys) {
    try {
      const { payload } = await jwtVerify(token, new TextEncoder().encode(key), {
        algorithms: ['HS256'],
        audience: CALL_TOKEN_AUDIENCE,
        requiredClaims: ['sub', 'exp'],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(nowMs),
      });
      const { sub } = payload;
      if (sub === undefined || !CALL_ID_PATTERN.test(sub)) throw new CallTokenError('malformed');
      return sub;
    } catch (cause) {
      refusal =
        cause instanceof CallTokenError ? cause : new CallTokenError(tokenRefusalOf(cause), { cause });
      if (refusal.reason !== 'bad signature') break;
    }
  }
  throw refusal;
}
