import { isRecord, jsonOf } from '../../common/json.ts';
import { bodyText, mediaTypeOf, metadataOf } from '../http/content.ts';
import type { EventOutcome } from '../hub/commands.ts';
import type { Payload } from '../hub/payload.ts';
import type { HandlerResponse } from './handler-connections.ts';

/**
 * Reads the answer to a user event: a body becomes a message from the server, by its content type, with the metadata of
 * the headers. Metadata alone make an empty text message.
 */
export function readEventReply(response: HandlerResponse): EventOutcome {
  if (!isSuccess(response.status)) return failed(`The event handler answered ${response.status}.`);
  const state = stateOf(response);
  const metadata = metadataOf(response.headers);
  if (typeof metadata === 'string')
    return failed(`The event handler answered with bad metadata: ${metadata}.`);
  if (response.body.byteLength === 0) {
    if (metadata === undefined) return { ok: true, ...state };
    return { ok: true, reply: { payload: { dataType: 'text', text: '' }, metadata }, ...state };
  }
  const payload = payloadOf(response.headers['content-type'], response.body);
  if (typeof payload === 'string') return failed(payload);
  return { ok: true, reply: metadata === undefined ? { payload } : { payload, metadata }, ...state };
}

/** What a connect handler decided. */
export type ConnectDecision =
  | {
      readonly accepted: true;
      readonly userId?: string;
      readonly groups?: readonly string[];
      readonly roles?: readonly string[];
      readonly subprotocol?: string;
      readonly connectionState?: string;
    }
  /** The upgrade is refused with this HTTP status. */
  | { readonly accepted: false; readonly status: number; readonly message: string };

/** Reads the answer to a connect event. A status other than 2xx refuses the client with that status. */
export function readConnectReply(response: HandlerResponse): ConnectDecision {
  if (!isSuccess(response.status)) {
    const message = `The connect handler answered ${response.status}.`;
    return { accepted: false, status: response.status, message };
  }
  const state = stateOf(response);
  if (response.body.byteLength === 0) return { accepted: true, ...state };
  const value = jsonOf(Buffer.from(response.body).toString('utf8'));
  if (value === null) return { accepted: true, ...state };
  if (!isRecord(value)) return unreadable('it is not a JSON object');
  const { userId, groups, roles, subprotocol } = value;
  if (!isOptional(userId, isText)) return unreadable("'userId' is not a string");
  if (!isOptional(subprotocol, isText)) return unreadable("'subprotocol' is not a string");
  if (!isOptional(groups, isTexts)) return unreadable("'groups' is not a list of strings");
  if (!isOptional(roles, isTexts)) return unreadable("'roles' is not a list of strings");
  return {
    accepted: true,
    ...(userId == null ? {} : { userId }),
    // An empty list of groups keeps the token's groups; an empty list of roles takes the token's roles away.
    ...(groups == null || groups.length === 0 ? {} : { groups }),
    ...(roles == null ? {} : { roles }),
    ...(subprotocol == null || subprotocol === '' ? {} : { subprotocol }),
    ...state,
  };
}

/** The connection's state from now on; empty when the answer does not change it. */
function stateOf({ headers }: HandlerResponse): { readonly connectionState?: string } {
  const state = headers['ce-connectionstate'];
  return typeof state === 'string' ? { connectionState: state } : {};
}

function payloadOf(contentType: string | undefined, body: Uint8Array): Payload | string {
  const mediaType = contentType === undefined ? 'application/octet-stream' : mediaTypeOf(contentType);
  if (mediaType === 'application/octet-stream') return { dataType: 'binary', bytes: body };
  const unsupported = `The event handler answered with an unsupported content type, '${contentType}'.`;
  if (mediaType !== 'text/plain' && mediaType !== 'application/json') return unsupported;
  const text = bodyText(body, contentType);
  if (text === undefined) return unsupported;
  if (mediaType === 'text/plain') return { dataType: 'text', text };
  return jsonOf(text) === undefined
    ? 'The event handler answered with invalid JSON.'
    : { dataType: 'json', json: text };
}

function failed(message: string): EventOutcome {
  return { ok: false, message };
}

function unreadable(why: string): ConnectDecision {
  return {
    accepted: false,
    status: 500,
    message: `The answer of the connect handler cannot be read: ${why}.`,
  };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

function isOptional<T>(value: unknown, is: (value: unknown) => value is T): value is T | null | undefined {
  return value === undefined || value === null || is(value);
}
