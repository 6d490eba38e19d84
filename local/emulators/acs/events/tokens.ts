import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { type Clock, skewedClock } from '../../common/clock.ts';
import type { Random } from '../../common/random.ts';
import { SIGNED_WITH, type SigningKey } from '../../common/signing-key.ts';
import type { AcsFaultEngine } from '../faults/fault-plan.ts';

const CALLBACK_LIFETIME_S = 5 * 60;
const MEDIA_LIFETIME_S = 24 * 60 * 60;

export const OPENID_CONFIGURATION_PATH = '/calling/.well-known/acsopenidconfiguration';
export const KEYS_PATH = '/calling/keys';

interface TokenIssuerOptions {
  readonly key: SigningKey;
  readonly issuer: string;
  /** The immutable resource id (a GUID) of the Communication Services resource. */
  readonly audience: string;
  /** Where this server is, for `jwks_uri`. */
  readonly baseUrl: string;
  readonly clock: Clock;
}

/**
 * Signs what the service signs: callbacks with a token of 5 minutes, new for each event, and media sockets with one of
 * 24 hours, new for each connection (Microsoft Learn, "Secure webhook endpoint", "Secure WebSocket connection").
 */
export class TokenIssuer {
  readonly #options: TokenIssuerOptions;

  constructor(options: TokenIssuerOptions) {
    this.#options = options;
  }

  callbackToken(): Promise<string> {
    return this.#sign(CALLBACK_LIFETIME_S);
  }

  mediaToken(): Promise<string> {
    return this.#sign(MEDIA_LIFETIME_S);
  }

  openIdConfiguration(): Record<string, unknown> {
    return {
      issuer: this.#options.issuer,
      jwks_uri: `${this.#options.baseUrl}${KEYS_PATH}`,
      id_token_signing_alg_values_supported: [SIGNED_WITH],
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
    };
  }

  keys(): Record<string, unknown> {
    return { keys: [this.#options.key.publicJwk] };
  }

  #sign(lifetimeS: number): Promise<string> {
    const nowS = Math.floor(this.#options.clock.now() / 1000);
    return new SignJWT({})
      .setProtectedHeader({ alg: SIGNED_WITH, kid: this.#options.key.keyId, typ: 'JWT' })
      .setIssuer(this.#options.issuer)
      .setAudience(this.#options.audience)
      .setIssuedAt(nowS)
      .setNotBefore(nowS)
      .setExpirationTime(nowS + lifetimeS)
      .setJti(randomUUID())
      .sign(this.#options.key.privateKey);
  }
}

/** Longer than any token lives, with the skew that verifiers allow. */
const EXPIRED_BY_MS = 25 * 60 * 60_000;

/** What the calls want of the issuer. */
export type Tokens = Pick<TokenIssuer, 'callbackToken' | 'mediaToken'>;

/**
 * The issuer's tokens, or where the plan says so, tokens that ran out long ago. `create` makes an issuer that goes by
 * this clock.
 */
export function plannedTokens(
  create: (clock: Clock) => Tokens,
  clock: Clock,
  engine: AcsFaultEngine,
  random: Random,
): Tokens {
  const good = create(clock);
  const expired = create(skewedClock(clock, () => -EXPIRED_BY_MS));
  const issuer = (name: 'callback' | 'media'): Tokens =>
    engine.draw('token', name, random).length > 0 ? expired : good;
  return {
    callbackToken: () => issuer('callback').callbackToken(),
    mediaToken: () => issuer('media').mediaToken(),
  };
}
