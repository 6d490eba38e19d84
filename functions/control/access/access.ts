import type { HttpRequest } from '@azure/functions';
import { type Endpoint, isMutation, parametersOf, type Role } from '../../../shared/wire/api/endpoint.ts';
import { type CallTokenHolder, verifyCallToken } from '../../../shared/wire/signed/call-token.ts';
import { bearerToken, TokenError, type TokenRefusal } from '../../../shared/wire/signed/verify-signed.ts';
import type { Call } from '../call/model.ts';
import { workerOn } from '../call/workers.ts';
import { callNotFound, ProblemError, unauthorized } from '../http/problems.ts';
import type { EntraTokenVerifier } from './entra-token.ts';
import { RateLimiter } from './rate-limiter.ts';

/** Who sent a request. */
export interface Caller {
  /** The same for every request of a caller, and not a secret. It scopes Idempotency-Keys and rates. */
  readonly id: string;
  /** May change calls, and so needs the whole ids of their participants. */
  readonly mayAct: boolean;
  /** May know what was said on calls: audio, transcripts, summaries. */
  readonly mayListen: boolean;
  /** The worker that has sent a call token, and its call as it was read to decide about the token. */
  readonly worker?: {
    readonly name: string;
    readonly call: Call;
    /** Why the worker may not do what it asks for, as the row of its call is by now. */
    readonly refusalIn: (now: Call) => ProblemError | undefined;
  };
}

/**
 * What the Functions host checks before it invokes the function: a function key, or nothing. A function gets this at
 * its registration, together with its `authLevel`, so that the app never assumes a check that did not happen.
 */
export type HostCheck = 'function-key' | 'nothing';

interface AccessRequest {
  readonly headers: Pick<HttpRequest['headers'], 'get'>;
  readonly hostCheck: HostCheck;
  /** The call in the path, if any. */
  readonly callId?: string;
  /**
   * Receives the body. Called once the caller has proven itself, and before the row of its call is read: a body may
   * take its time, and the row must not be older than the request. Defaults to a request without a body.
   */
  readonly receive?: () => Promise<void>;
}

/** The one place that decides who may do what. */
export interface Access {
  /**
   * @throws ProblemError if the request does not prove that its caller may do this, or if the caller sends too many
   * requests; and what `receive` rejects with
   * @throws CallStoreError if the call of a call token cannot be read
   */
  authorize(request: AccessRequest, endpoint: Endpoint): Promise<Caller>;
}

interface AccessOptions {
  /** The keys that may have signed the token of a call. */
  readonly ticketKeys: readonly string[];
  /** Omit it if Entra ID is not set up. Its tokens are then refused. */
  readonly entra?: EntraTokenVerifier;
  /** The row of a call, which says who is on it. */
  readonly readCall: (callId: string) => Promise<Call | undefined>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly readsPerMinute: number;
  readonly actsPerMinute: number;
  /** Whether a function key has the role `Calls.Listen`. Defaults to false. */
  readonly keyMayListen?: boolean;
}

/** Callers whose rates are remembered. */
const MAX_CALLERS = 10_000;

/** The burst after a pause: as many requests as this part of a minute allows. */
const BURST_PART = 1 / 6;

/** All holders of function keys are one caller, since the host does not say which key it saw. */
function keyHolder({ keyMayListen = false }: AccessOptions): Proven {
  return { id: 'function-key', roles: keyMayListen ? ['Calls.Control', 'Calls.Listen'] : ['Calls.Control'] };
}

interface Proven extends Pick<Caller, 'id'> {
  readonly roles: readonly string[];
  /** The caller is this worker, and may act on its call only. */
  readonly holder?: CallTokenHolder;
}

/**
 * - If the host has checked a function key, the caller may do everything, but listen only if the settings say so.
 * - Otherwise the request must carry a bearer token: one of Entra ID with a role, or that of a worker on the call in
 *   the path (`call-token.ts`). The role `Calls.Control` includes `Calls.Read`, and nothing includes `Calls.Listen`.
 * - The call's row decides what the token of a worker opens: nothing unless the worker is on the call and the call is
 *   going on, and reads only if the worker does not speak.
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
      if (endpoint.role === undefined) return { id: 'anybody', mayAct: false, mayListen: false };
      const proven =
        request.hostCheck === 'function-key' ? keyHolder(options) : await prove(request, options);
      requireRight(proven, endpoint, endpoint.role, request.callId);
      const waitMs = (isMutation(endpoint) ? acting : reads).take(proven.id, options.now());
      if (waitMs > 0) throw tooOften(waitMs);
      await request.receive?.();
      const { id, roles, holder } = proven;
      if (holder === undefined)
        return {
          id,
          mayAct: includesRole(roles, 'Calls.Control'),
          mayListen: includesRole(roles, 'Calls.Listen'),
        };
      const call = await options.readCall(holder.callId);
      if (call === undefined) throw callNotFound();
      const refusalIn = (now: Call): ProblemError | undefined => workerRefusal(now, holder, endpoint);
      const refusal = refusalIn(call);
      if (refusal !== undefined) throw refusal;
      const mayAct = workerOn(call, holder.worker)?.speaks !== false;
      return { id, mayAct, mayListen: false, worker: { name: holder.worker, call, refusalIn } };
    },
  };
}

async function prove({ headers }: AccessRequest, { ticketKeys, entra, now }: AccessOptions): Promise<Proven> {
  try {
    const token = bearerToken(headers.get('authorization'), 'call token');
    if (isSymmetric(token) || entra === undefined) {
      const holder = await verifyCallToken(token, ticketKeys, now());
      return { id: `call:${holder.callId}:${holder.worker}`, roles: ['Calls.Control'], holder };
    }
    const { objectId, roles } = await entra.verify(token, now());
    return { id: `entra:${objectId}`, roles };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    throw error.reason === 'missing' ? unauthorized('a valid token', 'missing') : invalidToken(error.reason);
  }
}

function invalidToken(reason: TokenRefusal): ProblemError {
  return unauthorized('a valid token', reason, 'Bearer error="invalid_token"');
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
  if (proven.holder !== undefined) {
    const isOwn = parametersOf(endpoint.path).includes('callId') && proven.holder.callId === callId;
    if (!isOwn) throw forbidden('The token of a call is valid for that call only.', role);
  }
  if (!includesRole(proven.roles, role)) throw forbidden(`The caller does not have the role ${role}.`, role);
}

/** The one place that says which role includes which. */
function includesRole(roles: readonly string[], role: Role): boolean {
  return roles.includes(role) || (role === 'Calls.Read' && roles.includes('Calls.Control'));
}

/** Why the worker may not do what it asks for, by the row of its call. */
function workerRefusal(
  call: Call,
  { worker: name }: CallTokenHolder,
  endpoint: Endpoint,
): ProblemError | undefined {
  const worker = workerOn(call, name);
  if (worker === undefined) return invalidToken('its worker is not on the call');
  if (!isMutation(endpoint)) return call.phase === 'ended' ? invalidToken('its call is over') : undefined;
  // Operations that change a call find out by themselves that it has ended, or repeat what they answered before.
  if (worker.speaks !== false) return undefined;
  return forbidden(
    `The worker ${name} only listens ("speaks": false), so its token reads the call and changes nothing.`,
    'Calls.Control',
  );
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
