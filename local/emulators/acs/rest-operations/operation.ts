import type { Call } from '../call/call.ts';
import type { Connection } from '../call/connection.ts';
import type { CallRegistry } from '../exchange/call-registry.ts';
import type { Dialer } from '../exchange/dialer.ts';
import type { Fields } from '../http/fields.ts';
import { RefusedError, refusals } from '../http/refusal.ts';

export interface OperationRequest {
  readonly calls: CallRegistry;
  readonly dialer: Dialer;
  /** The user that the application is where it names none: `8:acs:<resource>_<user>`. */
  readonly ownUserId: string;
  /** Scheme and host that the request was sent to. */
  readonly origin: string;
  /** Values of the placeholders of the path, percent-decoded. */
  readonly path: ReadonlyMap<string, string>;
  /** The query, percent-decoded. */
  readonly query: URLSearchParams;
  /** The JSON body; `{}` when the body is empty. */
  readonly body: unknown;
  /** Reads the body. */
  readonly fields: Fields;
  readonly apiVersion: string;
  readonly warn: (sentence: string) => void;
}

export interface OperationResult {
  readonly json?: unknown;
  /** Called when the same request is answered again from memory. */
  readonly onReplay?: () => void;
}

export interface Operation {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** HTTP status of success; the SDKs take any other, even another 2xx, for an error. */
  readonly success: number;
  /** Whether a `Repeatability-Request-ID` counts. */
  readonly repeatable: boolean;
  /** Defaults to answering 501. @throws RefusedError */
  readonly perform?: (request: OperationRequest) => OperationResult | undefined;
}

export const CALLS = '/calling/callConnections';
export const CALL = `${CALLS}/{callConnectionId}`;

/** A POST whose repetition with the same `Repeatability-Request-ID` is answered with the first result. */
export function once(name: string, path: string, success: number, perform?: Operation['perform']): Operation {
  return { name, method: 'POST', path, success, repeatable: true, ...(perform && { perform }) };
}

/** A request that is performed as often as it comes. */
export function plain(
  method: Operation['method'],
  name: string,
  path: string,
  success: number,
  perform?: Operation['perform'],
): Operation {
  return { name, method, path, success, repeatable: false, ...(perform && { perform }) };
}

/** A POST to `{call}:name` whose answer has no body. */
export function action(
  name: string,
  success: number,
  perform: (request: OperationRequest) => void,
): Operation {
  return plain('POST', name, `${CALL}:${name}`, success, (request) => {
    perform(request);
    return undefined;
  });
}

/** The call that the path names. @throws RefusedError 404 8522 where there is none that was answered or placed */
export function connectedCall({ calls, path }: OperationRequest): Call {
  const call = calls.findConnected(path.get('callConnectionId') ?? '');
  if (call === undefined) throw new RefusedError(refusals.callNotFound());
  return call;
}

/**
 * The connection that the path names, for operations that an established call is needed for.
 * @throws RefusedError 404 8522 where there is none or the call has ended, 400 8501 while it is being established
 */
export function establishedConnection(request: OperationRequest): Connection {
  const { connection } = connectedCall(request);
  if (connection === undefined) throw new RefusedError(refusals.callNotFound());
  connection.requireEstablished();
  return connection;
}
