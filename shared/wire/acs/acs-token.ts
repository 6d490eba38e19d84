/**
 * The proof that a request comes from Azure Communication Services: a JWT in `Authorization: Bearer`. Callbacks carry
 * one that is made for each event and valid for 5 minutes, the media WebSocket one that is made for each connection
 * and valid for a day. RS256, signed with a published key; `aud` is the immutable resource id of the ACS resource.
 */
import * as z from 'zod';
import { bearerToken, publishedKeys, verifySigned } from '../signed/verify-signed.ts';

/** How far the clocks of ACS and of this process may differ. */
const ACS_TOKEN_CLOCK_SKEW_S = 5 * 60;

/**
 * Longest time that the token of a callback may be valid, in seconds. It tells such a token from the one of a media
 * WebSocket: issuer, audience and keys are the same.
 */
export const CALLBACK_TOKEN_MAX_S = 10 * 60;

export interface AcsTokenVerifier {
  /**
   * Verifies the value of an `Authorization` header. `nowMs` is milliseconds since the epoch and defaults to the
   * present.
   * @throws TokenError naming the reason, also if the keys cannot be fetched
   */
  verify(authorizationHeader: string | undefined, nowMs?: number): Promise<void>;
}

interface AcsTokenOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  /** Longest time from `iat` to `exp`, in seconds; tokens must have both. Defaults to any time. */
  readonly maxLifetimeS?: number;
  /** When the keys may be fetched again after an attempt that failed: milliseconds. Defaults to `Date.now`. */
  readonly now?: () => number;
}

/** The keys are fetched for the first token, kept for ten minutes, and shared by all checks of this verifier. */
export function createAcsTokenVerifier({
  issuer,
  audience,
  jwksUrl,
  maxLifetimeS,
  now,
}: AcsTokenOptions): AcsTokenVerifier {
  const keys = publishedKeys(jwksUrl, { now });
  return {
    async verify(authorizationHeader, nowMs = Date.now()): Promise<void> {
      await verifySigned(bearerToken(authorizationHeader, 'ACS token'), {
        token: 'ACS token',
        keys,
        audience,
        issuers: [issuer],
        schema: z.unknown(),
        clockToleranceS: ACS_TOKEN_CLOCK_SKEW_S,
        ...(maxLifetimeS === undefined ? {} : { maxLifetimeS }),
        nowMs,
      });
    },
  };
}
