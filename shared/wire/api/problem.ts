/** Problem details (RFC 9457): the form of every error of the HTTP API, and the catalogue of their types. */

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/**
 * Type (the last part of the URN), HTTP status and title of each problem. Types are stable, since clients distinguish
 * problems by them.
 */
export const PROBLEMS = {
  'invalid-request': { status: 400, title: 'Invalid request' },
  unauthorized: { status: 401, title: 'Authentication required' },
  forbidden: { status: 403, title: 'Permission denied' },
  'destination-not-allowed': { status: 403, title: 'Destination not allowed' },
  'operation-not-found': { status: 404, title: 'Operation not found' },
  'call-not-found': { status: 404, title: 'Call not found' },
  'call-ended': { status: 409, title: 'The call has ended' },
  'call-not-connected': { status: 409, title: 'The call is not connected yet' },
  'streaming-already-on': { status: 409, title: 'Streaming is already on' },
  'streaming-already-off': { status: 409, title: 'Streaming is already off' },
  'streaming-stopping': { status: 409, title: 'Streaming is stopping' },
  'recording-already-on': { status: 409, title: 'Recording is already on' },
  'recording-already-off': { status: 409, title: 'Recording is already off' },
  'recording-starting': { status: 409, title: 'Recording is starting' },
  'recording-paused': { status: 409, title: 'Recording is already paused' },
  'recording-not-paused': { status: 409, title: 'Recording is not paused' },
  'transcription-already-on': { status: 409, title: 'Transcription is already on' },
  'transcription-already-off': { status: 409, title: 'Transcription is already off' },
  'transfer-under-way': { status: 409, title: 'A transfer is already in progress' },
  'too-many-operations': { status: 409, title: 'Too many operations in progress' },
  'operation-not-possible': { status: 422, title: 'Operation not supported for this call' },
  'handover-outdated': { status: 409, title: 'A newer handover is stored' },
  'no-route': { status: 409, title: 'No route allows this call' },
  'idempotency-in-progress': { status: 409, title: 'The first request with this key is still in progress' },
  'idempotency-outcome-unknown': {
    status: 409,
    title: 'The first request with this key was interrupted, and its outcome is unknown',
  },
  'payload-too-large': { status: 413, title: 'Request body too large' },
  'unsupported-media-type': { status: 415, title: 'Unsupported media type' },
  'idempotency-key-reused': { status: 422, title: 'This key was used for another request' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'outbound-budget-spent': { status: 429, title: 'Outbound calls for this hour are used up' },
  'internal-error': { status: 500, title: 'Internal error' },
  misconfigured: { status: 500, title: 'The app is misconfigured' },
  'not-supported': { status: 501, title: 'Not supported' },
  'acs-refused': { status: 502, title: 'Azure Communication Services refused the request' },
  'acs-unavailable': { status: 503, title: 'Azure Communication Services is unavailable' },
  'acs-outcome-unknown': {
    status: 504,
    title: 'Azure Communication Services did not report the outcome',
  },
  'token-keys-unavailable': {
    status: 503,
    title: 'The keys that verify tokens are unavailable',
  },
  'web-pubsub-unavailable': { status: 503, title: 'Web PubSub is unavailable' },
  'store-unavailable': { status: 503, title: 'Table storage is unavailable' },
  'too-many-streams': { status: 503, title: 'Too many timeline streams' },
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
