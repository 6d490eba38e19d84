import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../../common/clock.ts';
import type { Limits } from '../base/limits.ts';

/** What a client's token says. Claims of one value and of many are both lists here. */
export interface ClientClaims {
  readonly userId?: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** Every claim as text, as the connect event passes it on. */
  readonly all: Readonly<Record<string, readonly string[]>>;
}

interface ClientTokenRequest {
  readonly audience: string;
  readonly userId?: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly minutesToExpire: number;
}

/** The rule that a token breaks, to follow "it is not valid:". */
export class TokenProblem {
  readonly rule: string;

  constructor(rule: string) {
    this.rule = rule;
  }
}

const ALGORITHM = 'HS256';
/** Marks a reconnection token, so that no other token of the same key passes for one. */
const RECONNECTION_ISSUER = 'urn:web-pubsub:reconnection';

/**
 * The tokens of key authentication: JWTs signed with HS256 whose key is the UTF-8 text of the access key, not what it
 * decodes to. A token must have `exp`.
 */
export class AccessTokens {
  readonly #keys: readonly Uint8Array[];
  readonly #clock: Clock;
  readonly #limits: Limits;

  /** @param accessKeys the first signs, all of them verify */
  constructor(accessKeys: readonly [string, ...string[]], clock: Clock, limits: Limits) {
    this.#keys = accessKeys.map((key) => new TextEncoder().encode(key));
    this.#clock = clock;
    this.#limits = limits;
  }

  /** @param audiences the URLs the token may be meant for, in any case and percent-encoding */
  async verifyClient(token: string, audiences: readonly string[]): Promise<ClientClaims | TokenProblem> {
    const payload = await this.#verify(token, this.#limits.clockSkewMs);
    if (payload instanceof TokenProblem) return payload;
    return audienceProblem(payload, audiences) ?? clientClaims(payload);
  }

  /**
   * @param url the request's full URL; SDKs put it into the token with its query (JavaScript) or without (.NET)
   * @returns undefined for a token that is valid
   */
  async verifyRest(token: string, url: string): Promise<TokenProblem | undefined> {
    const payload = await this.#verify(token, this.#limits.clockSkewMs);
    if (payload instanceof TokenProblem) return payload;
    return audienceProblem(payload, [url.split('?', 1)[0] ?? url, url]);
  }

  async verifyReconnection(token: string, connectionId: string): Promise<boolean> {
    const payload = await this.#verify(token, 0);
    if (payload instanceof TokenProblem) return false;
    return payload.iss === RECONNECTION_ISSUER && payload.aud === connectionId;
  }

  issueReconnection(connectionId: string): Promise<string> {
    const jwt = new SignJWT({}).setIssuer(RECONNECTION_ISSUER).setAudience(connectionId);
    return this.#sign(jwt, this.#limits.reconnectionTokenMs);
  }

  issueClient(request: ClientTokenRequest): Promise<string> {
    const claims = {
      ...(request.roles.length === 0 ? {} : { role: [...request.roles] }),
      ...(request.groups.length === 0 ? {} : { 'webpubsub.group': [...request.groups] }),
    };
    const jwt = new SignJWT(claims).setAudience(request.audience);
    if (request.userId !== undefined) jwt.setSubject(request.userId);
    return this.#sign(jwt, request.minutesToExpire * 60_000);
  }

  #sign(jwt: SignJWT, lifetimeMs: number): Promise<string> {
    const now = this.#clock.now();
    const [key] = this.#keys;
    if (key === undefined) throw new Error('there is no access key to sign with');
    return jwt
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setIssuedAt(new Date(now))
      .setExpirationTime(new Date(now + lifetimeMs))
      .sign(key);
  }

  async #verify(token: string, skewMs: number): Promise<JWTPayload | TokenProblem> {
    let unsigned = new TokenProblem(`no access key of this service has signed it (${ALGORITHM})`);
    for (const key of this.#keys) {
      try {
        const verified = await jwtVerify(token, key, {
          algorithms: [ALGORITHM],
          requiredClaims: ['exp', 'aud'],
          clockTolerance: skewMs / 1_000,
          currentDate: new Date(this.#clock.now()),
        });
        const { exp = 0, nbf = 0 } = verified.payload;
        // A token that is never valid is not one, however far clocks may differ.
        return nbf > exp ? new TokenProblem('its time begins (nbf) after its end (exp)') : verified.payload;
      } catch (error) {
        // The next key may still verify it.
        if (error instanceof errors.JWSSignatureVerificationFailed) continue;
        unsigned = problemOf(error);
      }
    }
    return unsigned;
  }
}

function problemOf(error: unknown): TokenProblem {
  if (error instanceof errors.JWTExpired) return new TokenProblem('it has expired (exp)');
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = error;
    return new TokenProblem(
      reason === 'missing' ? `it has no claim ${claim}` : `its claim ${claim} does not hold`,
    );
  }
  return new TokenProblem(`it is no JWT that is signed with ${ALGORITHM}`);
}

/** @returns undefined where the token is for one of these */
function audienceProblem(payload: JWTPayload, audiences: readonly string[]): TokenProblem | undefined {
  const given = [payload.aud ?? []].flat();
  const wanted = new Set(audiences.map(comparable));
  if (given.some((audience) => wanted.has(comparable(audience)))) return undefined;
  return new TokenProblem(`its audience (aud) is ${given.join(', ')}, and not ${audiences[0] ?? 'known'}`);
}

/** Audiences are compared without regard to case, percent-encoding and a slash at the end. */
function comparable(url: string): string {
  let decoded = url;
  try {
    decoded = decodeURIComponent(url);
  } catch {
    // Not percent-encoded text: compared as it is.
  }
  return decoded.toLowerCase().replace(/\/$/, '');
}

/** The names under which the connect event tells a claim once more: those that .NET gives it. */
const CLAIM_URIS: Readonly<Record<string, string>> = {
  sub: 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier',
  role: 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role',
};

function clientClaims(payload: JWTPayload): ClientClaims | TokenProblem {
  const all: Record<string, readonly string[]> = {};
  for (const [name, value] of Object.entries(payload)) {
    const texts = textsOf(value);
    all[name] = texts;
    const uri = Object.hasOwn(CLAIM_URIS, name) ? CLAIM_URIS[name] : undefined;
    if (uri !== undefined) all[uri] = texts;
  }
  // JSON has more than texts: a number is a user, too.
  const [userId, ...more] = textsOf(payload.sub);
  if (more.length > 0) return new TokenProblem('it names more than one user (sub)');
  return {
    ...(userId === undefined ? {} : { userId }),
    roles: textsOf(payload['role']),
    groups: textsOf(payload['webpubsub.group']),
    all,
  };
}

function textsOf(claim: unknown): readonly string[] {
  if (claim === undefined || claim === null) return [];
  if (Array.isArray(claim)) return claim.flatMap(textsOf);
  return [typeof claim === 'object' ? JSON.stringify(claim) : String(claim)];
}
