import type { HttpRequest } from '@azure/functions';
import { type Endpoint, isMutation, parametersOf, type Role } from '../../../shared/wire/api/endpoint.ts';
import { verifyCallToken } from '../../../shared/wire/signed/call-token.ts';
import { bearerToken, TokenError } from '../../../shared/wire/signed/verify-signed.ts';
import { ProblemError, unauthorized } from '../http/problems.ts';
import type { EntraTokenVerifier } from './entra-token.ts';
import { RateLimiter } from './rate-limiter.ts';

/** Who sent a request. */
export interface Caller {
  /** The same for every request of a caller, and not a secret. It scopes Idempotency-Keys and rates. */
  readonly id: string;
}

/**
 * What the Functions host checks before it invokes the function: a function key, or nothing. A function gets this at
 * its registration, together with its `authLevel`, so that the app never assumes a check that did not happen.
 */
export type HostCheck = 'function-key' | 'nothing';

export interface AccessRequest {
  readonly headers: Pick<HttpRequest['headers'], 'get'>;
  readonly hostCheck: HostCheck;
  /** The call in the path, if any. */
  readonly callId?: string;
}

/** The one place that decides who may do what. */
export interface Access {
  /**
   * @throws ProblemError if the request does not prove that its caller may do this, or if the caller sends too many
   * requests
   */
  authorize(request: AccessRequest, endpoint: Endpoint): Promise<Caller>;
}

interface AccessOptions {
  /** The keys that may have signed the token of a call. */
  readonly ticketKeys: readonly string[];
  /** Omit it if Entra ID is not set up. Its tokens are then refused. */
  readonly entra?: EntraTokenVerifier;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly readsPerMinute: number;
  readonly actsPerMinute: number;
}

/** Callers whose rates are remembered. */
const MAX_CALLERS = 10_000;

/** The burst after a pause: as many requests as this part of a minute allows. */
const BURST_PART = 1 / 6;

/** All holders of function keys are one caller, since the host does not say which key it saw. */
const KEY_HOLDER: Proven = { id: 'function-key', roles: ['Calls.Control'] };

interface Proven extends Caller {
  readonly roles: readonly string[];
  /** The caller may act on this call only. */
  readonly callId?: string;
}

/**
 * - If the host has checked a function key, the caller may do everything.
 * - Otherwise the request must carry a bearer token: the one of the call in the path (`call-token.ts`), or one of
 *   Entra ID with a role. The role `Calls.Control` includes `Calls.Read`.
 *
 * No header but `Authorization` counts: anybody can write headers such as `x-ms-client-principal`.
 */
export function createAccess(options: AccessOptions): Access {
  const limit = (perMinute: number): RateLimiter =>
    new RateLimiter({
      perMinute,
      burst: Math.max(1, Math.ceil(perMinute * BURST_PART)),
      maxCallers: MAX_CALLERS,
    });
  const reads = limit(options.readsPerMinute);
  const acting = limit(options.actsPerMinute);
  return {
    async authorize(request, endpoint) {
      if (endpoint.role === undefined) return { id: 'anybody' };
      const proven = request.hostCheck === 'function-key' ? KEY_HOLDER : await prove(request, options);
      requireRight(proven, endpoint, endpoint.role, request.callId);
      const waitMs = (isMutation(endpoint) ? acting : reads).take(proven.id, options.now());
      if (waitMs > 0) throw tooOften(waitMs);
      return { id: proven.id };
    },
  };
}

async function prove({ headers }: AccessRequest, { ticketKeys, entra, now }: AccessOptions): Promise<Proven> {
  try {
    const token = bearerToken(headers.get('authorization'), 'call token');
    if (isSymmetric(token) || entra === undefined) {
      const callId = await verifyCallToken(token, ticketKeys, now());
      return { id: `call:${callId}`, roles: ['Calls.Control'], callId };
    }
    const { objectId, roles } = await entra.verify(token, now());
    return { id: `entra:${objectId}`, roles };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    const challenge = error.reason === 'missing' ? 'Bearer' : 'Bearer error="invalid_token"';
    throw unauthorized('a valid token', error.reason, challenge);
  }
}

/**
 * Which of the two kinds of token it claims to be. Each kind is then verified with its own keys and algorithm only.
 */
function isSymmetric(token: string): boolean {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString());
    return typeof header === 'object' && header !== null && 'alg' in header && header.alg === 'HS256';
  } catch {
    return false;
  }
}

function requireRight(proven: Proven, endpoint: Endpoint, role: Role, callId: string | undefined): void {
  if (proven.callId !== undefined) {
    const isOwn = parametersOf(endpoint.path).includes('callId') && proven.callId === callId;
    if (!isOwn) throw forbidden('The token of a call is valid for that call only.', role);
  }
  const suffices = proven.roles.includes(role) || proven.roles.includes('Calls.Control');
  if (!suffices) throw forbidden(`The caller does not have the role ${role}.`, role);
}

function forbidden(detail: string, role: Role): ProblemError {
  return new ProblemError(
    'forbidden',
    detail,
    {},
    { 'www-authenticate': `Bearer error="insufficient_scope", scope="${role}"` },
  );
}

function tooOften(waitMs: number): ProblemError {
  return new ProblemError(
    'too-many-requests',
    'The caller sends requests faster than the rate limit.',
    {},
    { 'retry-after': String(Math.ceil(waitMs / 1_000)) },
  );
}

/** What the host checks for an operation: a key, unless the operation is public or the app checks a token itself. */
export function hostCheckOf({ role }: Endpoint, apiAuth: 'function-key' | 'entra'): HostCheck {
  return role !== undefined && apiAuth === 'function-key' ? 'function-key' : 'nothing';
}

/** The same, as the host names it. */
export function authLevelOf(check: HostCheck): 'anonymous' | 'function' {
  return check === 'function-key' ? 'function' : 'anonymous';
}
