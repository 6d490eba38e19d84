import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Clock } from '../../common/clock.ts';
import { newSigningKey, SIGNED_WITH, type SigningKey } from '../../common/signing-key.ts';

/** Tokens of managed identities are valid for a day, and are used until shortly before their end. */
const LIFETIME_MS = 24 * 60 * 60_000;
const RENEW_BEFORE_MS = 60 * 60_000;
/** Resources that a token is kept for; an event handler table names few. */
const KEPT_TOKENS_MAX = 100;

const PREFIX = '/identity';
const OPENID_CONFIGURATION_PATH = `${PREFIX}/.well-known/openid-configuration`;
const KEYS_PATH = `${PREFIX}/keys`;

/** Whether the path is one at which the issuer tells of itself. */
export function isIdentityPath(path: string): boolean {
  return path === OPENID_CONFIGURATION_PATH || path === KEYS_PATH;
}

interface KeptToken {
  readonly token: Promise<string>;
  readonly renewAtMs: number;
}

/**
 * The managed identity of the emulator: gives the bearer tokens that event handlers with authentication are called
 * with. Tokens have the claims of Microsoft Entra's version 1.0 access tokens for a managed identity, as far as a
 * handler checks them: `iss`, `aud`, `exp`, `nbf`, `tid`, `oid`, `sub`, `appid`. The first token that is needed makes
 * the key; each start has a key of its own.
 */
export class IdentityIssuer {
  /** `iss` of the tokens; the OpenID configuration is below it. */
  readonly issuer: string;
  /** The identity: `oid` and `sub`. */
  readonly principalId: string = randomUUID();
  /** `appid`, which an application may require. */
  readonly clientId: string = randomUUID();
  readonly #tenantId: string = randomUUID();
  readonly #clock: Clock;
  readonly #kept = new Map<string, KeptToken>();
  #key: Promise<SigningKey> | undefined;

  constructor(baseUrl: string, clock: Clock) {
    this.issuer = `${baseUrl}${PREFIX}`;
    this.#clock = clock;
  }

  /** A token for this resource, which becomes its audience; the same one until an hour before it ends. */
  token(resource: string): Promise<string> {
    const nowMs = this.#clock.now();
    const known = this.#kept.get(resource);
    if (known !== undefined && nowMs < known.renewAtMs) return known.token;
    const token = this.#sign(resource, nowMs);
    if (this.#kept.size >= KEPT_TOKENS_MAX) this.#kept.clear();
    this.#kept.set(resource, { token, renewAtMs: nowMs + LIFETIME_MS - RENEW_BEFORE_MS });
    return token;
  }

  async document(path: string): Promise<Record<string, unknown>> {
    if (path === KEYS_PATH) return { keys: [(await this.#signingKey()).publicJwk] };
    return {
      issuer: this.issuer,
      jwks_uri: `${this.issuer}/keys`,
      id_token_signing_alg_values_supported: [SIGNED_WITH],
      response_types_supported: ['id_token'],
      subject_types_supported: ['pairwise'],
    };
  }

  async #sign(resource: string, nowMs: number): Promise<string> {
    const { privateKey, keyId } = await this.#signingKey();
    const nowS = Math.floor(nowMs / 1_000);
    return new SignJWT({
      ver: '1.0',
      tid: this.#tenantId,
      oid: this.principalId,
      appid: this.clientId,
      idp: this.issuer,
    })
      .setProtectedHeader({ alg: SIGNED_WITH, kid: keyId, typ: 'JWT' })
      .setIssuer(this.issuer)
      .setAudience(resource)
      .setSubject(this.principalId)
      .setIssuedAt(nowS)
      .setNotBefore(nowS)
      .setExpirationTime(nowS + LIFETIME_MS / 1_000)
      .sign(privateKey);
  }

  #signingKey(): Promise<SigningKey> {
    this.#key ??= newSigningKey();
    return this.#key;
  }
}
