/**
 * The proof that Azure Communication Services sends a request: a JWT in `Authorization: Bearer`, on callbacks (made for
 * each event, valid for 5 minutes) and on the media WebSocket (made for each connection, valid for a day).
 * RS256, signed with a key of the published JWKS, `aud` = the immutable resource id of the ACS resource.
 */
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';

/** The clocks of the service and of this process may differ by this much. */
export const ACS_TOKEN_CLOCK_SKEW_S = 5 * 60;

/** Longest wait for the keys; what takes longer is a refusal. */
const JWKS_TIMEOUT_MS = 3_000;
/** Keys are asked for again at most this often when a token names one that is not among them. */
const JWKS_COOLDOWN_MS = 30_000;
/** Keys are asked for again when they are older than this. */
const JWKS_MAX_AGE_MS = 10 * 60_000;
/** Longest token looked at. */
const MAX_TOKEN_CHARS = 8_192;

export type AcsTokenRefusal =
  | 'missing'
  | 'not a bearer token'
  | 'malformed'
  | 'wrong algorithm'
  | 'unknown key'
  | 'bad signature'
  | 'expired'
  | 'not valid yet'
  | 'wrong audience'
  | 'wrong issuer'
  | 'keys unavailable';

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
  const keys = createRemoteJWKSet(new URL(options.jwksUrl), {
    timeoutDuration: JWKS_TIMEOUT_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
    cacheMaxAge: JWKS_MAX_AGE_MS,
  });
  return {
    async verify(authorizationHeader, nowMs = Date.now()): Promise<void> {
      const token = bearerToken(authorizationHeader);
      await jwtVerify(token, withKnownFailures(keys), {
        algorithms: ['RS256'],
        issuer: options.issuer,
        audience: options.audience,
        requiredClaims: ['exp'],
        clockTolerance: ACS_TOKEN_CLOCK_SKEW_S,
        currentDate: new Date(nowMs),
      }).catch((cause: unknown) => {
        throw cause instanceof AcsTokenError ? cause : new AcsTokenError(refusalOf(cause), { cause });
      });
    },
  };
}

function bearerToken(header: string | undefined): string {
  if (header === undefined || header === '') throw new AcsTokenError('missing');
  const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  if (token === undefined) throw new AcsTokenError('not a bearer token');
  if (token.length > MAX_TOKEN_CHARS) throw new AcsTokenError('malformed');
  return token;
}

/** Tells keys that could not be had from a token that is no good. */
function withKnownFailures(keys: JWTVerifyGetKey): JWTVerifyGetKey {
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (cause) {
      const unknown =
        cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys;
      throw new AcsTokenError(unknown ? 'unknown key' : 'keys unavailable', { cause });
    }
  };
}

function refusalOf(cause: unknown): AcsTokenRefusal {
  if (cause instanceof errors.JOSEAlgNotAllowed) return 'wrong algorithm';
  if (cause instanceof errors.JWSSignatureVerificationFailed) return 'bad signature';
  if (cause instanceof errors.JWTExpired) return 'expired';
  if (cause instanceof errors.JWTClaimValidationFailed) {
    if (cause.claim === 'aud') return 'wrong audience';
    if (cause.claim === 'iss') return 'wrong issuer';
    if (cause.claim === 'nbf') return 'not valid yet';
  }
  return 'malformed';
}
