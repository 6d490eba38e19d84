/**
 * The proof of a person or program of the tenant: an access token of Microsoft Entra ID. RS256, signed with a key of the published JWKS; `aud` is the
 * API's app registration, `tid` the tenant, `roles` what it was assigned there. Microsoft signs tokens of two versions, each with an issuer of its own.
 */
import { jwtVerify } from 'jose';
import * as z from 'zod';
import { tokenKeys } from '../../../shared/wire/signed/token-keys.ts';
import { type TokenRefusal, tokenRefusalOf } from '../../../shared/wire/signed/token-refusal.ts';

/** The clocks of Entra ID and of this process may differ by this much. */
const CLOCK_SKEW_S = 5 * 60;

export type EntraTokenRefusal = TokenRefusal | 'wrong tenant' | 'not an access token';

/** The message never holds the token. */
export class EntraTokenError extends Error {
  override readonly name = 'EntraTokenError';
  readonly reason: EntraTokenRefusal;
  constructor(reason: EntraTokenRefusal, options?: ErrorOptions) {
    super(`Entra token refused: ${reason}`, options);
    this.reason = reason;
  }
}

export interface EntraTokenOptions {
  readonly tenantId: string;
  readonly audience: string;
  readonly issuers: readonly string[];
  readonly jwksUrl: string;
  /** Keys are fetched again at most this often, in milliseconds. Absent: half a minute. */
  readonly cooldownMs?: number;
}

export interface EntraIdentity {
  /** The object id of the user or service principal: the same in every token of the same one. */
  readonly objectId: string;
  readonly roles: readonly string[];
}

export interface EntraTokenVerifier {
  /**
   * @param nowMs milliseconds since the epoch
   * @throws EntraTokenError naming the reason. Keys that cannot be fetched are a refusal too.
   */
  verify(token: string, nowMs: number): Promise<EntraIdentity>;
}

/** An access token names the program that it was issued to: `appid` in version 1, `azp` in version 2. An ID token has neither. */
const issuedTo = z.union([z.looseObject({ azp: z.string() }), z.looseObject({ appid: z.string() })]);

const claimsSchema = z.object({
  oid: z.string().min(1).max(128),
  tid: z.string(),
  roles: z.array(z.string()).default([]),
});

export function createEntraTokenVerifier(options: EntraTokenOptions): EntraTokenVerifier {
  const keys = tokenKeys(options.jwksUrl, options.cooldownMs);
  return {
    async verify(token, nowMs) {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ['RS256'],
        issuer: [...options.issuers],
        audience: options.audience,
        requiredClaims: ['exp'],
        clockTolerance: CLOCK_SKEW_S,
        currentDate: new Date(nowMs),
      }).catch((cause: unknown) => {
        throw new EntraTokenError(tokenRefusalOf(cause), { cause });
      });
      const claims = claimsSchema.safeParse(payload);
      if (!claims.success) throw new EntraTokenError('malformed');
      const { oid, tid, roles } = claims.data;
      if (tid !== options.tenantId) throw new EntraTokenError('wrong tenant');
      if (!issuedTo.safeParse(payload).success) throw new EntraTokenError('not an access token');
      return { objectId: oid, roles };
    },
  };
}
