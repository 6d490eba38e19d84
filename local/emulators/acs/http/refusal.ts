import type { ServerResponse } from 'node:http';
import { noteRefusal } from '../../common/request-log.ts';

/** Why an operation was not done: an HTTP status and the code and message of a `CommunicationError`. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

function refusal(status: number, code: string, message: string): Refusal {
  return { status, code, message };
}

/**
 * The subcodes that Call Automation answers with (Microsoft Learn, "Troubleshooting call end response codes for Call
 * Automation SDK"). Each message begins with the name that the page has for its code, so that a search finds it there,
 * and goes on with the rule.
 */
export const refusals = {
  unauthorized: (message: string) => refusal(401, '7509', `HMAC validation error: ${message}`),
  /** The whole message is recorded. There is no such call, or it has already ended. */
  callNotFound: () => refusal(404, '8522', 'Call not found.'),
  invalidArgument: (message: string) => refusal(400, '8523', `Invalid argument: ${message}`),
  notEstablished: () =>
    refusal(400, '8501', 'Action not supported, call not established: wait for CallConnected.'),
  mediaAlreadyActive: () =>
    refusal(400, '8500', 'Invalid media mode: media streaming is already active on this call.'),
  mediaNotActive: () =>
    refusal(400, '8500', 'Invalid media mode: media streaming is not active on this call.'),
  mediaNotConfigured: () =>
    refusal(
      405,
      '8522',
      'Missing configuration: media streaming options were not given; this needs to happen when invoking AnswerCall.',
    ),
  participantNotFound: () =>
    refusal(404, '8522', 'Participant not found: the target participant is not on this call.'),
  incompatibleMediaAction: (added: string, existing: string) =>
    refusal(
      412,
      '8583',
      `Precondition failed: ${added} cannot run or be queued beside ${existing} (media action compatibility table).`,
    ),
  tooManyMediaOperations: (most: number) =>
    refusal(429, '8516', `Call throttled: ${most} media operations of this call are waiting already.`),
  transcriptionNotConfigured: () =>
    refusal(
      405,
      '8522',
      'Missing configuration: transcription options were not given; this needs to happen when invoking AnswerCall.',
    ),
  transcriptionAlreadyActive: () =>
    refusal(400, '8500', 'Invalid media mode: transcription is already active on this call.'),
  transcriptionNotActive: () =>
    refusal(400, '8500', 'Invalid media mode: transcription is not active on this call.'),
  /** The whole message is recorded. There is no such recording, or it has been stopped. */
  recordingNotFound: () => refusal(404, '8522', 'Recording not found.'),
  duplicateRecording: () => refusal(400, '8553', 'Duplicate recording: this call is being recorded already.'),
  notInThisState: (what: string) => refusal(400, '8585', `Action not valid in current call state: ${what}.`),
  conflict: (what: string) => refusal(409, '8519', `Conflict: ${what}.`),
  bodyTooLong: (limit: number) => refusal(413, 'RequestEntityTooLarge', `The body is over ${limit} bytes.`),
  tooManyCalls: () => refusal(429, '8516', 'Call throttled: too many calls are going on.'),
  noSuchOperation: (which: string) => refusal(404, 'NotFound', `There is no such operation: ${which}.`),
  methodNotAllowed: (method: string, allowed: readonly string[]) =>
    refusal(405, 'MethodNotAllowed', `This path has no method ${method}; it has ${allowed.join(', ')}.`),
  ofAnotherApplication: () =>
    refusal(
      501,
      'NotImplemented',
      'This emulator lets an application do this to participants of its own only, not to those whom another one has added.',
    ),
  otherService: (which: string) =>
    refusal(501, 'NotImplemented', `${which} is not supported: this emulator has Call Automation alone.`),
  notSupported: (what: string) =>
    refusal(
      501,
      'NotImplemented',
      `${what} is not supported by this local emulator of Azure Communication Services.`,
    ),
} as const;

/** Thrown by the parts that read requests; answered as it is. */
export class RefusedError extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.name = 'RefusedError';
    this.refusal = refusal;
  }
}

export interface Reply {
  readonly status: number;
  /** Defaults to an empty body. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Why, for the log. */
  readonly refusal?: Refusal;
}

export function sendReply(response: ServerResponse, reply: Reply): void {
  if (response.headersSent || response.destroyed) return;
  if (reply.refusal !== undefined) noteRefusal(response, reply.refusal.code, reply.refusal.message);
  const body = reply.json === undefined ? undefined : JSON.stringify(reply.json);
  response.writeHead(reply.status, {
    ...(body === undefined
      ? { 'content-length': '0' }
      : {
          'content-type': 'application/json; charset=utf-8',
          'content-length': String(Buffer.byteLength(body)),
        }),
    ...reply.headers,
  });
  response.end(body);
}

/** A `CommunicationErrorResponse`. */
export function refusalReply(refusal: Refusal): Reply {
  const { status, code, message } = refusal;
  return { status, json: { error: { code, message } }, refusal };
}
