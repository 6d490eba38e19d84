/** What every invocation has: a log, and over HTTP an answer for whatever happens. */
import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { PROBLEM_CONTENT_TYPE, problemType } from '../../../shared/wire/api/problem.ts';
import { CALL_ID_PATTERN } from '../../../shared/wire/names.ts';
import type { Log, LogFields } from '../use-cases/deps.ts';
import { callNotFound, problemOfError } from './problems.ts';

/**
 * A log that the Functions host ties to the invocation. Each message is one line: the text, then `name=value` pairs.
 */
export function invocationLog(context: Pick<InvocationContext, 'info' | 'warn' | 'error'>): Log {
  return {
    info: (message, fields) => context.info(line(message, fields)),
    warn: (message, fields) => context.warn(line(message, fields)),
    error: (message, fields) => context.error(line(message, fields)),
  };
}

function line(message: string, fields: LogFields = {}): string {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
  return [message, ...pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`)].join(' ');
}

/** An HTTP handler that answers every error with a problem document (RFC 9457). */
export function httpHandler(run: (request: HttpRequest, log: Log) => Promise<HttpResponseInit>): HttpHandler {
  return async (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
    const log = invocationLog(context);
    try {
      return await run(request, log);
    } catch (error) {
      return problemResponse(error, log);
    }
  };
}

/** The answer for an error. Errors with a 5xx status are logged. */
export function problemResponse(error: unknown, log: Log): HttpResponseInit {
  const { problem, headers } = problemOfError(error);
  if (problem.status >= 500)
    log.error('A request failed', {
      status: problem.status,
      type: problem.type,
      why: problem.type === problemType('internal-error') ? traceOf(error) : (error as Error).message,
    });
  return {
    status: problem.status,
    headers: { ...headers, 'content-type': PROBLEM_CONTENT_TYPE },
    body: JSON.stringify(problem),
  };
}

/** The name and origin of an unexpected error. Its message stays out of the log, since it may quote the request. */
function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return `${error.name}: ${error.stack?.split('\n').slice(1, 4).join(' ') ?? ''}`;
}

/** The `callId` in the path. @throws ProblemError if it cannot be the id of a call */
export function callIdOfPath(request: Pick<HttpRequest, 'params'>): string {
  const callId = request.params['callId'] ?? '';
  if (!CALL_ID_PATTERN.test(callId)) throw callNotFound();
  return callId;
}
