/**
 * The one verifier of tokens (JWT), signed or sealed: tickets, relay proofs, call tokens, control messages, handovers,
 * and the tokens of ACS and Microsoft Entra ID.
 */
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtDecrypt,
  jwtVerify,
} from 'jose';
import type * as z from 'zod';
import { SEALED_WITH, type SealPurpose, sealingKey } from './sealing.ts';

/** The tokens that are verified, as error messages name them. */
type TokenKind =
  | 'ACS token'
  | 'Entra token'
  | 'call token'
  | 'control message'
  | 'handover'
  | 'relay proof'
  | 'ticket';

/** Why a token proves nothing. */
export type TokenRefusal =
  | 'missing'
  | 'not a bearer token'
  | 'malformed'
  | 'wrong algorithm'
  | 'unknown key'
  | 'bad signature'
  /** It was changed, or sealed with another key or for another purpose. */
  | 'bad seal'
  | 'expired'
  | 'not valid yet'
  /** Its signer made it for something that takes longer than the request that it came with. */
  | 'valid too long'
  | 'wrong audience'
  | 'wrong issuer'
  | 'keys unavailable'
  /** Signed for another call than the request is about. */
  | 'another call'
  /** Signed for another action than the request is about. */
  | 'another action'
  | 'its worker is not on the call'
  | 'its call is over'
  | 'bad plan'
  | 'unknown command'
  | 'wrong tenant'
  | 'not an access token';

/** A token was refused. The message names the kind of token and the reason, and never quotes the token. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly token: TokenKind;
  readonly reason: TokenRefusal;
  constructor(token: TokenKind, reason: TokenRefusal, options?: ErrorOptions) {
    super(`${token} refused: ${reason}`, options);
    this.token = token;
    this.reason = reason;
  }
}

interface TokenRules<Claims> {
  readonly token: TokenKind;
  /**
   * Secrets as UTF-8 text for HS256, tried in turn so that they can be rotated; or the published keys of a signer,
   * for RS256.
   */
  readonly keys: readonly string[] | JWTVerifyGetKey;
  /** The token must be sealed with a secret for this purpose. Defaults to a token that is signed. */
  readonly sealedFor?: SealPurpose;
  readonly audience: string;
  /** One of these must have issued the token. Defaults to anybody who has a key. */
  readonly issuers?: readonly string[];
  /** The call that the token must be for (`sub`). */
  readonly callId?: string;
  /** Claims that must be there besides `exp`, and besides what the schema demands. */
  readonly requiredClaims?: readonly string[];
  readonly schema: z.ZodType<Claims>;
  /** The reason if the claims do not fit the schema. Defaults to 'malformed'. */
  readonly unfit?: TokenRefusal;
  /** How far the clocks of signer and verifier may differ, in seconds. Defaults to 30. */
  readonly clockToleranceS?: number;
  /**
   * Longest time from `iat` to `exp`, in seconds; the token must have both, and `iat` may not be to come. Defaults to
   * any time.
   */
  readonly maxLifetimeS?: number;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

interface Verified<Claims> {
  readonly claims: Claims;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
  /** When the token was issued, in milliseconds since the epoch, if it says so. */
  readonly issuedAtMs?: number;
  /** The secret that verified it; '' if published keys did. */
  readonly key: string;
}

const CLOCK_TOLERANCE_S = 30;

/** Verifies a token and reads its claims. @throws TokenError */
export async function verifySigned<Claims>(
  token: string,
  rules: TokenRules<Claims>,
): Promise<Verified<Claims>> {
  const { keys } = rules;
  if (typeof keys === 'function') return readClaims(await verifyWith(token, keys, rules), '', rules);
  const wrongKey = rules.sealedFor === undefined ? 'bad signature' : 'bad seal';
  let refusal = new TokenError(rules.token, wrongKey);
  for (const key of keys) {
    try {
      return readClaims(await verifyWith(token, key, rules), key, rules);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      refusal = error;
      if (error.reason !== wrongKey) break;
    }
  }
  throw refusal;
}

async function verifyWith<Claims>(
  token: string,
  key: string | JWTVerifyGetKey,
  rules: TokenRules<Claims>,
): Promise<JWTPayload> {
  const { sealedFor } = rules;
  const claims = {
    audience: rules.audience,
    ...(rules.issuers === undefined ? {} : { issuer: [...rules.issuers] }),
    requiredClaims: [
      'exp',
      ...(rules.maxLifetimeS === undefined ? [] : ['iat']),
      ...(rules.requiredClaims ?? []),
    ],
    clockTolerance: rules.clockToleranceS ?? CLOCK_TOLERANCE_S,
    currentDate: new Date(rules.nowMs),
  };
  try {
    if (typeof key === 'function')
      return (await jwtVerify(token, key, { ...claims, algorithms: ['RS256'] })).payload;
    if (sealedFor !== undefined)
      return (await jwtDecrypt(token, () => sealingKey(sealedFor, key), { ...claims, ...SEALED_WITH }))
        .payload;
    const secret = new TextEncoder().encode(key);
    return (await jwtVerify(token, secret, { ...claims, algorithms: ['HS256'] })).payload;
  } catch (cause) {
    throw new TokenError(rules.token, refusalOf(cause), { cause });
  }
}

function readClaims<Claims>(payload: JWTPayload, key: string, rules: TokenRules<Claims>): Verified<Claims> {
  const { exp = 0, iat, sub } = payload;
  if (rules.callId !== undefined && sub !== rules.callId) throw new TokenError(rules.token, 'another call');
  if (rules.maxLifetimeS !== undefined) {
    if (exp - (iat ?? 0) > rules.maxLifetimeS) throw new TokenError(rules.token, 'valid too long');
    // Otherwise a token that is dated ahead would be valid from now on.
    if ((iat ?? 0) > rules.nowMs / 1_000 + (rules.clockToleranceS ?? CLOCK_TOLERANCE_S))
      throw new TokenError(rules.token, 'not valid yet');
  }
  const parsed = rules.schema.safeParse(payload);
  if (!parsed.success) throw new TokenError(rules.token, rules.unfit ?? 'malformed', { cause: parsed.error });
  return {
    claims: parsed.data,
    expiresAtMs: exp * 1_000,
    ...(iat === undefined ? {} : { issuedAtMs: iat * 1_000 }),
    key,
  };
}

function refusalOf(cause: unknown): TokenRefusal {
  if (cause instanceof errors.JOSEAlgNotAllowed) return 'wrong algorithm';
  if (cause instanceof errors.JWSSignatureVerificationFailed) return 'bad signature';
  if (cause instanceof errors.JWEDecryptionFailed) return 'bad seal';
  if (cause instanceof errors.JWTExpired) return 'expired';
  if (cause instanceof errors.JWTClaimValidationFailed) {
    if (cause.claim === 'aud') return 'wrong audience';
    if (cause.claim === 'iss') return 'wrong issuer';
    if (cause.claim === 'nbf') return 'not valid yet';
  }
  return cause instanceof KeyError ? cause.reason : 'malformed';
}

class KeyError extends Error {
  readonly reason: 'unknown key' | 'keys unavailable';
  constructor(reason: KeyError['reason'], options: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
  }
}

/** Longest wait for published keys, in milliseconds. */
const JWKS_TIMEOUT_MS = 3_000;
/** A token with an unknown key causes a new fetch at most this often. */
const JWKS_COOLDOWN_MS = 30_000;
/** Published keys older than this are fetched again. */
const JWKS_MAX_AGE_MS = 10 * 60_000;
/** After a fetch that failed, tokens that need one are refused for this long without it. */
const JWKS_RETRY_MS = 5_000;

interface PublishedKeysOptions {
  /** The least time between two fetches because of unknown keys, in milliseconds. Defaults to 30 seconds. */
  readonly cooldownMs?: number | undefined;
  /** Milliseconds since the epoch. Defaults to `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/**
 * The published keys of a signer. They are fetched for the first token and kept for ten minutes. A token that names
 * an unknown key causes another fetch, so the signer may change its keys at any time. While they cannot be fetched,
 * there is one attempt every five seconds, however many tokens come.
 */
export function publishedKeys(
  jwksUrl: string,
  { cooldownMs = JWKS_COOLDOWN_MS, now = Date.now }: PublishedKeysOptions = {},
): JWTVerifyGetKey {
  let retryAtMs = 0;
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: JWKS_TIMEOUT_MS,
    cooldownDuration: cooldownMs,
    cacheMaxAge: JWKS_MAX_AGE_MS,
    [customFetch]: async (url, options) => {
      if (now() < retryAtMs) throw new Error('the last attempt to fetch the keys has just failed');
      return await fetch(url, options);
    },
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (cause) {
      const isUnknown =
        cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys;
      if (!isUnknown && now() >= retryAtMs) retryAtMs = now() + JWKS_RETRY_MS;
      throw new KeyError(isUnknown ? 'unknown key' : 'keys unavailable', { cause });
    }
  };
}

/** Longest token that is looked at, in characters. */
const MAX_TOKEN_CHARS = 8_192;

/** The token of an `Authorization` header (RFC 6750, section 2.1). @throws TokenError */
export function bearerToken(header: string | null | undefined, kind: TokenKind): string {
  if (header === null || header === undefined || header === '') throw new TokenError(kind, 'missing');
  const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  if (token === undefined) throw new TokenError(kind, 'not a bearer token');
  if (token.length > MAX_TOKEN_CHARS) throw new TokenError(kind, 'malformed');
  return token;
}
