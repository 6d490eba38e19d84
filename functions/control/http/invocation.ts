/** What every invocation has: a log; over HTTP also a bounded body, and an answer for whatever happens. */
import { validateHeaderValue } from 'node:http';
import {
  type HttpHandler,
  type HttpRequest,
  HttpResponse,
  type HttpResponseInit,
  type InvocationContext,
} from '@azure/functions';
import { originOf } from '../../../shared/base/errors.ts';
import { readBodyBytes } from '../../../shared/base/http-body.ts';
import { PROBLEM_CONTENT_TYPE, problemType } from '../../../shared/wire/api/problem.ts';
import { CALL_ID_PATTERN } from '../../../shared/wire/names.ts';
import type { Log, LogFields } from '../use-cases/deps.ts';
import { callNotFound, ProblemError, problemOfError } from './problems.ts';

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

/** Path and query of a request. */
export type RequestAddress = Pick<HttpRequest, 'params' | 'query'>;

/** An HTTP handler that answers every error with a problem document (RFC 9457). It never throws. */
export function httpHandler(run: (request: HttpRequest, log: Log) => Promise<HttpResponseInit>): HttpHandler {
  return async (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
    const log = invocationLog(context);
    try {
      return sendable(await run(request, log));
    } catch (error) {
      return problemResponse(error, log);
    }
  };
}

/**
 * The answer, if it can be sent. The host never answers for a function that throws, or whose answer has a status, a
 * header or a body that cannot be sent (https://github.com/Azure/azure-functions-nodejs-library/issues/324).
 */
function sendable(init: HttpResponseInit): HttpResponseInit {
  const { headers } = new HttpResponse({ ...init, body: null });
  for (const [name, value] of headers) validateHeaderValue(name, value);
  return init;
}

/** Errors that are in the log. One that is thrown again and again, as by an app that cannot be made, is there once. */
const logged = new WeakSet<object>();

/** The shortest time between two lines about keys that cannot be fetched: anybody can send a token that needs them. */
const KEYS_LINE_MS = 1_000;
let keysLineAtMs = Number.NEGATIVE_INFINITY;

/**
 * The answer for an error. Errors with a 5xx status are logged, except those of the settings: they are in the log once.
 */
export function problemResponse(error: unknown, log: Log): HttpResponseInit {
  const { problem, headers } = problemOfError(error);
  if (problem.status >= 500 && isNews(error, problem.type))
    log.error('A request failed', {
      status: problem.status,
      type: problem.type,
      why: problem.type === problemType('internal-error') ? originOf(error) : (error as Error).message,
    });
  return {
    status: problem.status,
    headers: { ...headers, 'content-type': PROBLEM_CONTENT_TYPE },
    body: JSON.stringify(problem),
  };
}

function isNews(error: unknown, type: string): boolean {
  if (type === problemType('misconfigured')) return false;
  if (typeof error === 'object' && error !== null) {
    if (logged.has(error)) return false;
    logged.add(error);
  }
  if (type !== problemType('token-keys-unavailable')) return true;
  const nowMs = performance.now();
  if (nowMs - keysLineAtMs < KEYS_LINE_MS) return false;
  keysLineAtMs = nowMs;
  return true;
}

/**
 * A parameter of the path. With HTTP streaming the host adds the query to `params`, so a name that the query has as
 * well, in any case, counts as absent: only the path says what a request is about.
 */
export function pathParameter({ params, query }: RequestAddress, name: string): string | undefined {
  const isInQuery = [...query.keys()].some((given) => given.toLowerCase() === name.toLowerCase());
  return isInQuery ? undefined : params[name];
}

/** The `callId` in the path. @throws ProblemError if it cannot be the id of a call */
export function callIdOfPath(request: RequestAddress): string {
  const callId = pathParameter(request, 'callId') ?? '';
  if (!CALL_ID_PATTERN.test(callId)) throw callNotFound();
  return callId;
}

interface BodyRules {
  readonly maxBytes: number;
  /** Refuses a body that is not sent as `application/json`. Defaults to false. */
  readonly requireJsonType?: boolean;
}

/** The host lets no longer body through. */
const HOST_MAX_BYTES = 104_857_600;

/** So long may a body take: an invocation that waits longer than `functionTimeout` would end all others. */
const READ_LIMIT_MS = 30_000;

const TOO_SLOW = `must arrive within ${READ_LIMIT_MS} ms`;

/**
 * The body as text, or '' if there is none.
 * @throws ProblemError if the body is longer than `maxBytes`, late, of another content type, or not UTF-8
 */
export async function readText(
  request: HttpRequest,
  { maxBytes, requireJsonType = false }: BodyRules,
): Promise<string> {
  const signal = AbortSignal.timeout(READ_LIMIT_MS);
  // The host takes no answer before it has sent the whole request.
  const reading = { readsOnTo: HOST_MAX_BYTES, signal };
  const bytes = await readBodyBytes(request, maxBytes, reading).catch((error: unknown) => {
    throw signal.aborted ? malformed('The body did not arrive in time.', TOO_SLOW) : error;
  });
  if (bytes === undefined) throw tooLarge(maxBytes);
  if (bytes.length === 0) return '';
  if (requireJsonType) checkContentType(request.headers.get('content-type'));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('The body is not UTF-8.', 'must be JSON in UTF-8');
  }
}

/** The body as JSON, or undefined if it is empty. @throws ProblemError as `readText`, and for what is not JSON */
export async function readJson(request: HttpRequest, maxBytes: number): Promise<unknown> {
  const text = await readText(request, { maxBytes });
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('The body is not JSON.', 'must be JSON');
  }
}

function checkContentType(contentType: string | null): void {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  const isUtf8 = charset === undefined || /^"?utf-?8"?$/.test(charset);
  if (type === 'application/json' && isUtf8) return;
  throw new ProblemError('unsupported-media-type', 'Send the body as application/json in UTF-8.');
}

function tooLarge(maxBytes: number): ProblemError {
  return new ProblemError('payload-too-large', `The body may have at most ${maxBytes} bytes.`);
}

function malformed(detail: string, member: string): ProblemError {
  return new ProblemError('invalid-request', detail, { errors: [{ pointer: '#', detail: member }] });
}
