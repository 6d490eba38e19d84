import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import * as z from 'zod';
import { ConfigError } from '../../shared/config.ts';
import { CallControlError } from '../../shared/core/call-control.ts';
import { CallStoreError } from '../../shared/core/call-store.ts';
import { CALL_ID_PATTERN } from '../../shared/protocol/names.ts';
import {
  PROBLEM_CONTENT_TYPE,
  type Problem,
  type ProblemMember,
  type ProblemName,
  problem,
} from '../../shared/protocol/problem.ts';
import { RoutesError } from '../../shared/protocol/routes-schema.ts';
import { invocationLog } from './invocation-log.ts';
import type { Log } from './use-cases/deps.ts';

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
  };
}

function problemOf(error: unknown): Pick<ProblemError, 'problem' | 'headers'> {
  if (error instanceof ProblemError) return error;
  if (error instanceof CallControlError) return acsProblem(error);
  if (error instanceof CallStoreError) return new ProblemError('store-unavailable', error.message);
  if (error instanceof ConfigError || error instanceof RoutesError)
    return new ProblemError('misconfigured', error.message);
  return new ProblemError('internal-error', 'The request could not be served; the log of the app says why.');
}

function acsProblem({ failure, message }: CallControlError): ProblemError {
  const { status, code, retryable, retryAfter } = failure;
  return new ProblemError(
    retryable ? 'acs-unavailable' : 'acs-refused',
    `${message.charAt(0).toUpperCase()}${message.slice(1)}.`,
    { acsStatus: status, acsCode: code },
    retryable && retryAfter !== undefined ? { 'retry-after': retryAfter } : {},
  );
}

/** For the log, which may hold no request content: the name, and the message of errors that are ours. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const isOurs = problemOf(error).problem.type !== problem('internal-error', '').type;
  return isOurs ? error.message : `${error.name}: ${error.stack?.split('\n').slice(1, 4).join(' ') ?? ''}`;
}

/** The `callId` of the path. */
export function callIdOf(request: HttpRequest): string {
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

const streamingBody = z.strictObject({
  operationContext: z.string().min(1).max(1_024).exactOptional(),
});

/** The body of a request to start or stop streaming, every problem of it reported at once. */
export async function readStreamingBody(request: HttpRequest): Promise<z.infer<typeof streamingBody>> {
  const parsed = streamingBody.safeParse((await readJson(request)) ?? {});
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap(describeIssue);
  throw new ProblemError(
    'invalid-request',
    `The body is not valid: ${errors.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ')}.`,
    { errors },
  );
}

function describeIssue(issue: z.core.$ZodIssue): ProblemMember[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      pointer: pointerTo([...issue.path, key]),
      detail: 'is not a known member',
    }));
  return [{ pointer: pointerTo(issue.path), detail: issue.message }];
}

function pointerTo(path: readonly PropertyKey[]): string {
  const parts = path.map((key) =>
    encodeURIComponent(String(key).replaceAll('~', '~0').replaceAll('/', '~1')),
  );
  return ['#', ...parts].join('/');
}
