import type { HttpRequest } from '@azure/functions';
import { type Endpoint, isMutation, parametersOf, type Role } from '../../../shared/wire/api/endpoint.ts';
import { verifyCallToken } from '../../../shared/wire/signed/call-token.ts';
import { bearerToken, TokenError } from '../../../shared/wire/signed/verify-signed.ts';
import { ProblemError, unauthorized } from '../http/problems.ts';
import type { EntraTokenVerifier } from './entra-token.ts';
import { RateLimiter } from './rate-limiter.ts';

/** Who sent a request. */
export interface Caller {
  /** The same for every request of the same caller; no secret. It scopes Idempotency-Keys and rates. */
  readonly id: string;
}

/**
 * What the Functions host has asked of a caller before the function was invoked: a function key, or nothing. A function is told at its
 * registration, together with its `authLevel`, so that the app never takes for checked what was not.
 */
export type HostCheck = 'function-key' | 'nothing';

export interface AccessRequest {
  readonly headers: Pick<HttpRequest['headers'], 'get'>;
  readonly hostCheck: HostCheck;
  /** The call in the path, if any. */
  readonly callId?: string;
}

/** The one place in which it is decided who may do what. */
export interface Access {
  /** @throws ProblemError where the request does not prove that its caller may do this, or he asks too often. */
  authorize(request: AccessRequest, endpoint: Endpoint): Promise<Caller>;
}

export interface AccessOptions {
  /** What per-call tokens may be signed with. */
  readonly ticketKeys: readonly string[];
  /** Absent: tokens of Entra ID open nothing. */
  readonly entra?: EntraTokenVerifier;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly readsPerMinute: number;
  readonly actsPerMinute: number;
}

/** Callers whose rates are remembered. */
const MAX_CALLERS = 10_000;

/** What may come at once after a pause: the requests of so much of a minute. */
const BURST_PART = 1 / 6;

/** Whose requests are all those with a function key: the host does not tell which key it was. */
const KEY_HOLDER: Proven = { id: 'function-key', roles: ['Calls.Control'] };

interface Proven extends Caller {
  readonly roles: readonly string[];
  /** The caller may act on this call alone. */
  readonly callId?: string;
}

/**
 * - Where the host has checked a function key, its holder may do everything.
 * - Elsewhere the request must carry a bearer token: of the call in the path (`call-token.ts`), or of Entra ID with a role. The role
 *   `Calls.Control` includes `Calls.Read`.
 *
 * No header but `Authorization` has any say: headers such as `x-ms-client-principal` can be written by anybody.
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

/** Which of the two kinds of token it says it is; each kind is then checked by its own keys and algorithm alone. */
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
    if (!isOwn) throw forbidden('The token of a call opens that call alone.', role);
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
    'The caller asks more often than it may.',
    {},
    { 'retry-after': String(Math.ceil(waitMs / 1_000)) },
  );
}

/** What the host is to ask of whoever uses an operation: a key, unless everybody may, or a token is asked for by the app. */
export function hostCheckOf({ role }: Endpoint, apiAuth: 'function-key' | 'entra'): HostCheck {
  return role !== undefined && apiAuth === 'function-key' ? 'function-key' : 'nothing';
}

/** The same in the terms of the host. */
export function authLevelOf(check: HostCheck): 'anonymous' | 'function' {
  return check === 'function-key' ? 'function' : 'anonymous';
}
