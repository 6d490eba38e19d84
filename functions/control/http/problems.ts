/**
 * Errors as problem documents (RFC 9457): every error that a request can end with, and what the caller reads about
 * it.
 */
import { type Problem, type ProblemName, problem } from '../../../shared/wire/api/problem.ts';
import type { TokenError } from '../../../shared/wire/signed/verify-signed.ts';
import { AcsCallError } from '../call/acs-port.ts';
import { CallStoreError } from '../call/stores.ts';
import type { RefusedRequest, RequestFailure } from '../use-cases/request-call-action.ts';

/** Ends a request with a problem. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    name: ProblemName,
    detail: string,
    extensions: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.problem = problem(name, detail, extensions);
    this.headers = headers;
  }
}

/** The problem for anything that a handler threw. Errors we do not know become `internal-error`, without their text. */
export function problemOfError(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof AcsCallError) return acsProblem(error);
  if (error instanceof CallStoreError) return new ProblemError('store-unavailable', error.message);
  return new ProblemError('internal-error', 'The request failed. The log of the control app has the reason.');
}

/** The problem for a request that a use case could not meet. */
export function toProblem(failure: RequestFailure): ProblemError {
  switch (failure.kind) {
    case 'unknown call':
      return callNotFound();
    case 'refused':
      return refusalProblem(failure);
    case 'failed':
      return acsProblem(failure.error);
  }
}

/** Like `toProblem`, for a request that makes a telephone ring. */
export function toRingingProblem(failure: RequestFailure): ProblemError {
  return failure.kind === 'failed' ? ringingProblem(failure.error) : toProblem(failure);
}

export function callNotFound(): ProblemError {
  return new ProblemError('call-not-found', 'No call has this id.');
}

/**
 * The problem for an ACS error after which a telephone may be ringing. If it may be, the caller is not invited to
 * retry, and the Idempotency-Key stays in use: a second attempt could make the telephone ring twice.
 */
export function ringingProblem(
  error: AcsCallError,
  extensions: Readonly<Record<string, unknown>> = {},
): ProblemError {
  const { status, code, retryable, mayBeDone } = error.failure;
  if (!(retryable && mayBeDone)) return acsProblem(error, extensions);
  return new ProblemError(
    'acs-outcome-unknown',
    'Azure Communication Services did not report the outcome of the request. A telephone may be ringing.',
    { ...extensions, acsStatus: status, acsCode: code },
  );
}

/** The problem for a missing or refused token. `expected` names the token, such as "a valid token". */
export function unauthorized(
  expected: string,
  reason: TokenError['reason'],
  challenge: string = 'Bearer',
): ProblemError {
  if (reason === 'keys unavailable')
    return new ProblemError('token-keys-unavailable', 'The keys that verify the token cannot be fetched.');
  return new ProblemError(
    'unauthorized',
    `The request must carry ${expected}: ${reason}.`,
    {},
    { 'www-authenticate': challenge },
  );
}

function acsProblem(
  { failure, message }: AcsCallError,
  extensions: Readonly<Record<string, unknown>> = {},
): ProblemError {
  const { status, code, retryable, retryAfter, notAsked } = failure;
  if (notAsked !== undefined) return new ProblemError('operation-not-possible', `${message}.`, extensions);
  return new ProblemError(
    retryable ? 'acs-unavailable' : 'acs-refused',
    `${message.charAt(0).toUpperCase()}${message.slice(1)}.`,
    { ...extensions, acsStatus: status, acsCode: code },
    retryable && retryAfter !== undefined ? { 'retry-after': retryAfter } : {},
  );
}

/** The present state of the call does not allow the request; the problem names that state. */
function refusalProblem({ refusal, call }: Extract<RefusedRequest, { kind: 'refused' }>): ProblemError {
  const { phase, streaming } = call;
  return new ProblemError(refusal, `The call is ${phase}, and its streaming is ${streaming.state}.`, {
    callState: phase,
    streamingState: streaming.state,
  });
}
