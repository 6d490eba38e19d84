import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';

/** Longest wait for the keys; what takes longer is a refusal. */
const JWKS_TIMEOUT_MS = 3_000;
/** Keys are asked for again at most this often when a token names one that is not among them. */
const JWKS_COOLDOWN_MS = 30_000;
/** Keys are asked for again when they are older than this. */
const JWKS_MAX_AGE_MS = 10 * 60_000;

export class TokenKeyError extends Error {
  override readonly name = 'TokenKeyError';
  readonly reason: 'unknown key' | 'keys unavailable';
  constructor(reason: TokenKeyError['reason'], options: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
  }
}

/**
 * The public keys of a signer. They are fetched when the first token comes, kept for ten minutes, and fetched again, though not more often than
 * every `cooldownMs`, when a token names one that is not among them: so its signer may change its keys at any time.
 * The function rejects with TokenKeyError.
 */
export function tokenKeys(jwksUrl: string, cooldownMs: number = JWKS_COOLDOWN_MS): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: JWKS_TIMEOUT_MS,
    cooldownDuration: cooldownMs,
    cacheMaxAge: JWKS_MAX_AGE_MS,
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (cause) {
      const isUnknown =
        cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys;
      throw new TokenKeyError(isUnknown ? 'unknown key' : 'keys unavailable', { cause });
    }
  };
}
