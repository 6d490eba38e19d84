import type { IncomingMessage } from 'node:http';
import { RawCodec } from '../client-protocol/raw-codec.ts';
import type { CodecRegistry } from '../client-protocol/registry.ts';
import { parseSimpleClientMode, type SimpleClientMode } from '../client-protocol/simple-client-mode.ts';
import { ApiError, badParameter, badRequest, INVALID_HUB } from '../http/api-error.ts';
import { Query } from '../http/query.ts';
import { schemeOf, tokenOfHeader } from '../http/request.ts';
import type { ClientCodec } from '../hub/client-codec.ts';
import { hubKey, isHubName } from '../hub/names.ts';

/** What an upgrade request asks for, read from its URL and headers alone. */
export interface ClientRequestLine {
  readonly hub: string;
  /** Host and port as the client dialled them. */
  readonly authority: string;
  readonly originHost: string;
  readonly query: URLSearchParams;
  /** What the URL asks for if the client is a simple one, or the rule that is broken. */
  readonly simpleMode: SimpleClientMode | string;
  /** The URLs that the client's token may name as its audience. */
  readonly audiences: readonly string[];
  readonly token?: string;
  readonly recovery?: { readonly connectionId: string; readonly reconnectionToken: string };
  /** Subprotocols as the client wrote them. */
  readonly offered: readonly string[];
}

/** The query parameter that holds the token, in any case. */
export const ACCESS_TOKEN = 'access_token';

const CLIENT_PATH = /^\/client(?:\/hubs\/([^/]+))?\/?$/i;
const OTHER_PROTOCOL_PATH = /^\/clients\/(mqtt|socketio)\//i;

/** Whether the path is one that clients connect to. */
export function isClientPath(path: string): boolean {
  return CLIENT_PATH.test(path) || OTHER_PROTOCOL_PATH.test(path);
}

/**
 * Reads an upgrade request: `/client/hubs/{hub}` or `/client/?hub={hub}`, the token from `access_token` or
 * `Authorization`.
 * @throws ApiError 400 for a hub name that breaks the rule, 401 for more than one token, 404 for another path, 501 for
 *   protocols the emulator does not speak
 */
export function readClientRequest(request: IncomingMessage): ClientRequestLine {
  const authority = request.headers.host ?? '';
  const url = urlOf(request, authority);
  const other = OTHER_PROTOCOL_PATH.exec(url.pathname);
  if (other !== null)
    throw new ApiError(501, 'NotSupported', `Not supported by this emulator: ${other[1]} clients.`);
  const match = CLIENT_PATH.exec(url.pathname);
  if (match === null) throw new ApiError(404, 'NotFound', `No clients connect to '${url.pathname}'.`);
  const inPath = match[1] === undefined ? undefined : decoded(match[1]);
  const query = new Query(url.searchParams);
  const hub = inPath ?? query.first('hub') ?? '';
  if (!isHubName(hub)) throw badParameter(INVALID_HUB, 'hub');
  const service = `${schemeOf(request)}://${authority}`;
  const audience = `${service}/client/hubs/${hub}`;
  const [inQuery, ...more] = query.all(ACCESS_TOKEN);
  if (more.length > 0) throw new ApiError(401, 'Unauthorized', 'There is more than one access token.');
  const token = inQuery || tokenOfHeader(request);
  const connectionId = query.first('awps_connection_id');
  return {
    hub: hubKey(hub),
    authority,
    originHost: url.hostname,
    query: url.searchParams,
    simpleMode: parseSimpleClientMode(query),
    // The documentation does not say which of the two forms the token of `/client/?hub=` names.
    audiences: inPath === undefined ? [audience, `${service}/client/?hub=${hub}`] : [audience],
    ...(token ? { token } : {}),
    ...(connectionId
      ? {
          recovery: {
            connectionId,
            reconnectionToken: query.first('awps_reconnection_token') ?? '',
          },
        }
      : {}),
    offered: offeredSubprotocols(request),
  };
}

/**
 * How an admitted client will be spoken to: by the subprotocol that its connect handler selected, else by the first one
 * it offers that the service knows, else as a simple client. A subprotocol of the application's own counts only when
 * the handler selects it.
 */
export function chooseCodec(
  codecs: CodecRegistry,
  line: ClientRequestLine,
  selected: string | undefined,
): ClientCodec {
  if (selected !== undefined) return codecs.codecFor(selected) ?? new RawCodec(simpleMode(line), selected);
  return codecs.firstSupported(line.offered) ?? new RawCodec(simpleMode(line), '');
}

/** @throws ApiError 400 when the client is a simple one and its URL asks for a mode that does not exist */
export function checkSimpleMode(codecs: CodecRegistry, line: ClientRequestLine): void {
  if (codecs.firstSupported(line.offered) === undefined) simpleMode(line);
}

function simpleMode(line: ClientRequestLine): SimpleClientMode {
  if (typeof line.simpleMode === 'string') throw badRequest(line.simpleMode);
  return line.simpleMode;
}

function urlOf(request: IncomingMessage, authority: string): URL {
  try {
    return new URL(request.url ?? '/', `http://${authority}`);
  } catch {
    throw badRequest('The request URL or its Host header cannot be read.');
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest('The hub name in the path is not percent-encoded correctly.');
  }
}

function offeredSubprotocols(request: IncomingMessage): readonly string[] {
  const header = request.headers['sec-websocket-protocol'] ?? '';
  return header
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
