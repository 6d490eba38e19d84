/**
 * The proof of a person or program of the tenant: an access token of Microsoft Entra ID. RS256, signed with a
 * published key; `aud` is the app registration of the API, `tid` the tenant, `roles` what the caller was assigned
 * there. Microsoft issues two versions of tokens, each with an issuer of its own.
 */
import * as z from 'zod';
import { publishedKeys, TokenError, verifySigned } from '../../../shared/wire/signed/verify-signed.ts';

/** How far the clocks of Entra ID and of this process may differ. */
const CLOCK_SKEW_S = 5 * 60;

interface EntraTokenOptions {
  readonly tenantId: string;
  readonly audience: string;
  readonly issuers: readonly string[];
  readonly jwksUrl: string;
  /**
   * A token with an unknown key causes a new fetch of keys at most this often, in milliseconds. Defaults to 30
   * seconds.
   */
  readonly cooldownMs?: number;
  /** When the keys may be fetched again after an attempt that failed: milliseconds. Defaults to `Date.now`. */
  readonly now?: () => number;
}

interface EntraIdentity {
  /** The object id of the user or service principal, the same in all of its tokens. */
  readonly objectId: string;
  readonly roles: readonly string[];
}

export interface EntraTokenVerifier {
  /**
   * @param nowMs milliseconds since the epoch
   * @throws TokenError naming the reason, also if the keys cannot be fetched
   */
  verify(token: string, nowMs: number): Promise<EntraIdentity>;
}

const claimsSchema = z.object({
  oid: z.string().min(1).max(128),
  tid: z.string(),
  roles: z.array(z.string()).default([]),
  azp: z.string().optional().catch(undefined),
  appid: z.string().optional().catch(undefined),
});

export function createEntraTokenVerifier(options: EntraTokenOptions): EntraTokenVerifier {
  const keys = publishedKeys(options.jwksUrl, options);
  return {
    async verify(token, nowMs) {
      const { claims } = await verifySigned(token, {
        token: 'Entra token',
        keys,
        audience: options.audience,
        issuers: options.issuers,
        schema: claimsSchema,
        clockToleranceS: CLOCK_SKEW_S,
        nowMs,
      });
      const { oid, tid, roles, azp, appid } = claims;
      if (tid !== options.tenantId) throw new TokenError('Entra token', 'wrong tenant');
      // An access token names the program that it was issued to: `appid` in version 1, `azp` in version 2. An ID
      // token has neither.
      if (azp === undefined && appid === undefined)
        throw new TokenError('Entra token', 'not an access token');
      return { objectId: oid, roles };
    },
  };
}
