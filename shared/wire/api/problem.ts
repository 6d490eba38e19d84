/** Problem details (RFC 9457): the form of every error of the HTTP API, and the catalogue of their types. */

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/**
 * Type (the last part of the URN), HTTP status and title of each problem. Types are stable, since clients distinguish
 * problems by them.
 */
export const PROBLEMS = {
  'invalid-request': { status: 400, title: 'The request is not valid' },
  unauthorized: { status: 401, title: 'The caller did not prove who it is' },
  forbidden: { status: 403, title: 'The caller may not do this' },
  'destination-not-allowed': { status: 403, title: 'Nobody may be called there' },
  'operation-not-found': { status: 404, title: 'There is no such operation' },
  'call-not-found': { status: 404, title: 'There is no such call' },
  'call-ended': { status: 409, title: 'The call has ended' },
  'call-not-connected': { status: 409, title: 'The call is not connected yet' },
  'streaming-already-on': { status: 409, title: 'The audio is streamed already' },
  'streaming-already-off': { status: 409, title: 'The audio is not streamed' },
  'streaming-stopping': { status: 409, title: 'Streaming is being stopped' },
  'recording-already-on': { status: 409, title: 'The call is recorded already' },
  'recording-already-off': { status: 409, title: 'The call is not recorded' },
  'recording-starting': { status: 409, title: 'Recording is starting' },
  'recording-paused': { status: 409, title: 'Recording is paused already' },
  'recording-not-paused': { status: 409, title: 'Recording is not paused' },
  'transcription-already-on': { status: 409, title: 'The call is transcribed already' },
  'transcription-already-off': { status: 409, title: 'The call is not transcribed' },
  'transfer-under-way': { status: 409, title: 'The call is being handed over' },
  'too-many-operations': { status: 409, title: 'Too many operations of the call are under way' },
  'operation-not-possible': { status: 422, title: 'This cannot be asked of this call' },
  'no-route': { status: 409, title: 'No route lets this call be placed' },
  'idempotency-in-progress': { status: 409, title: 'The first request with this key is still being served' },
  'idempotency-outcome-unknown': {
    status: 409,
    title: 'The first request with this key was broken off, and what came of it is not known',
  },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is not of a type that is read here' },
  'idempotency-key-reused': { status: 422, title: 'The key belongs to another request' },
  'too-many-requests': { status: 429, title: 'The caller asks too often' },
  'outbound-budget-spent': { status: 429, title: 'No further call may be placed in this hour' },
  'internal-error': { status: 500, title: 'Something went wrong here' },
  misconfigured: { status: 500, title: 'The app is not configured correctly' },
  'not-supported': { status: 501, title: 'This is not supported' },
  'acs-refused': { status: 502, title: 'Azure Communication Services refused the request' },
  'acs-unavailable': { status: 503, title: 'Azure Communication Services cannot serve the request now' },
  'acs-outcome-unknown': {
    status: 504,
    title: 'Azure Communication Services did not say what became of the request',
  },
  'token-keys-unavailable': {
    status: 503,
    title: 'The keys that prove the caller cannot be fetched now',
  },
  'web-pubsub-unavailable': { status: 503, title: 'Web PubSub cannot serve the request now' },
  'store-unavailable': { status: 503, title: 'Table storage cannot serve the request now' },
  'too-many-streams': { status: 503, title: 'No further timeline can be streamed now' },
} as const;

export type ProblemName = keyof typeof PROBLEMS;

/**
 * One thing wrong with a request: in the body, at a JSON pointer as a URI fragment (RFC 6901, section 6), or in a
 * parameter.
 */
export type ProblemMember =
  | { readonly pointer: string; readonly detail: string }
  | { readonly parameter: string; readonly in: 'path' | 'query' | 'header'; readonly detail: string };

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly [extension: string]: unknown;
}

export function problemType(name: ProblemName): string {
  return `urn:trunkline:problem:${name}`;
}

/** `extensions` are further members of the problem (RFC 9457, section 3.2). They cannot replace the standard ones. */
export function problem(
  name: ProblemName,
  detail: string,
  extensions: Readonly<Record<string, unknown>> = {},
): Problem {
  return { ...extensions, type: problemType(name), ...PROBLEMS[name], detail };
}
