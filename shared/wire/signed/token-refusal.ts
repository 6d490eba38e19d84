import { errors } from 'jose';
import { TokenKeyError } from './token-keys.ts';

/** Why a JWT proves nothing. */
export type TokenRefusal =
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

/** What an error of checking a token means; none of its text, which may hold parts of the token. */
export function tokenRefusalOf(cause: unknown): TokenRefusal {
  if (cause instanceof TokenKeyError) return cause.reason;
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
