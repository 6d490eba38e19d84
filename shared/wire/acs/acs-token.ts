/**
 * The proof that Azure Communication Services sends a request: a JWT in `Authorization: Bearer`, on callbacks (made for
 * each event, valid for 5 minutes) and on the media WebSocket (made for each connection, valid for a day).
 * RS256, signed with a key of the published JWKS, `aud` = the immutable resource id of the ACS resource.
 */
import { jwtVerify } from 'jose';
import { bearerToken } from '../signed/bearer-token.ts';
import { tokenKeys } from '../signed/token-keys.ts';
import { type TokenRefusal, tokenRefusalOf } from '../signed/token-refusal.ts';

/** The clocks of the service and of this process may differ by this much. */
export const ACS_TOKEN_CLOCK_SKEW_S = 5 * 60;

export type AcsTokenRefusal = TokenRefusal;

/** The request does not prove that ACS sent it. The message never holds the token. */
export class AcsTokenError extends Error {
  override readonly name = 'AcsTokenError';
  readonly reason: AcsTokenRefusal;
  constructor(reason: AcsTokenRefusal, options?: ErrorOptions) {
    super(`ACS token refused: ${reason}`, options);
    this.reason = reason;
  }
}

export interface AcsTokenVerifier {
  /**
   * Checks the value of an `Authorization` header. `nowMs` is milliseconds since the epoch, by default the present.
   * @throws AcsTokenError naming the reason. Keys that cannot be fetched are a refusal too.
   */
  verify(authorizationHeader: string | undefined, nowMs?: number): Promise<void>;
}

export interface AcsTokenOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
}

/** Keys are fetched when the first token comes, kept for ten minutes, and shared by all checks of this verifier. */
export function createAcsTokenVerifier(options: AcsTokenOptions): AcsTokenVerifier {
  const keys = tokenKeys(options.jwksUrl);
  return {
    async verify(authorizationHeader, nowMs = Date.now()): Promise<void> {
      const bearer = bearerToken(authorizationHeader);
      if ('refusal' in bearer) throw new AcsTokenError(bearer.refusal);
      await jwtVerify(bearer.token, keys, {
        algorithms: ['RS256'],
        issuer: options.issuer,
        audience: options.audience,
        requiredClaims: ['exp'],
        clockTolerance: ACS_TOKEN_CLOCK_SKEW_S,
        currentDate: new Date(nowMs),
      }).catch((cause: unknown) => {
        throw new AcsTokenError(tokenRefusalOf(cause), { cause });
      });
    },
  };
}
