import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { ConfigError } from '../../../shared/base/settings.ts';
import {
  PROBLEM_CONTENT_TYPE,
  type Problem,
  type ProblemName,
  problem,
} from '../../../shared/wire/api/problem.ts';
import { RoutesError } from '../../../shared/wire/call/routes-schema.ts';
import { CALL_ID_PATTERN } from '../../../shared/wire/names.ts';
import { AcsCallError } from '../call/acs-port.ts';
import { CallStoreError } from '../call/stores.ts';
import type { Log } from '../use-cases/deps.ts';
import { invocationLog } from '../triggers/invocation-log.ts';

/** Largest body that is read, in characters. */
const MAX_BODY = 1_048_576;

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

/** An HTTP handler whose every error becomes a problem (RFC 9457), so that no request ends without a reason. */
export function httpFunction(
  run: (request: HttpRequest, log: Log) => Promise<HttpResponseInit>,
): HttpHandler {
  return async (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
    const log = invocationLog(context);
    try {
      return await run(request, log);
    } catch (error) {
      return problemResponse(error, log);
    }
  };
}

/** What an error is answered with; one of ours that is at fault is logged. */
export function problemResponse(error: unknown, log: Log): HttpResponseInit {
  const found = problemOf(error);
  if (found.problem.status >= 500) {
    log.error('A request failed', {
      status: found.problem.status,
      type: found.problem.type,
      why: whyOf(error),
    });
  }
  return {
    status: found.problem.status,
    headers: { ...found.headers, 'content-type': PROBLEM_CONTENT_TYPE },
    body: JSON.stringify(found.problem),
  };
}

function problemOf(error: unknown): Pick<ProblemError, 'problem' | 'headers'> {
  if (error instanceof ProblemError) return error;
  if (error instanceof AcsCallError) return acsProblem(error);
  if (error instanceof CallStoreError) return new ProblemError('store-unavailable', error.message);
  if (error instanceof ConfigError || error instanceof RoutesError)
    return new ProblemError('misconfigured', error.message);
  return new ProblemError('internal-error', 'The request could not be served; the log of the app says why.');
}

/** What ACS did not do, or was not asked to. */
export function acsProblem(
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

/**
 * The same of what rings a telephone. Where it may be ringing all the same, nobody is told to ask again, and the key of the request is not
 * free again: it would ring twice.
 */
export function acsProblemOfRinging(
  error: AcsCallError,
  extensions: Readonly<Record<string, unknown>> = {},
): ProblemError {
  const { status, code, retryable, mayBeDone } = error.failure;
  if (!(retryable && mayBeDone)) return acsProblem(error, extensions);
  return new ProblemError(
    'acs-outcome-unknown',
    'Azure Communication Services did not say what became of the request: somebody may have been called.',
    { ...extensions, acsStatus: status, acsCode: code },
  );
}

/** For the log, which may hold no request content: the name, and the message of errors that are ours. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const isOurs = problemOf(error).problem.type !== problem('internal-error', '').type;
  return isOurs ? error.message : `${error.name}: ${error.stack?.split('\n').slice(1, 4).join(' ') ?? ''}`;
}

/** The `callId` of the path. */
export function callIdOf(request: Pick<HttpRequest, 'params'>): string {
  const callId = request.params['callId'] ?? '';
  if (!CALL_ID_PATTERN.test(callId)) throw unknownCall();
  return callId;
}

export function unknownCall(): ProblemError {
  return new ProblemError('call-not-found', 'No call has this id.');
}

/** The body as JSON; undefined where there is none. */
export async function readJson(request: HttpRequest): Promise<unknown> {
  const text = await request.text();
  if (text.length > MAX_BODY)
    throw new ProblemError('payload-too-large', `A body may have at most ${MAX_BODY} characters.`);
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new ProblemError('invalid-request', 'The body is not JSON.', {
      errors: [{ pointer: '#', detail: 'must be JSON' }],
    });
  }
}
