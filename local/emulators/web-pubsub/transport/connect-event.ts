import type { IncomingMessage } from 'node:http';
import type { UpstreamEvent } from '../hub/commands.ts';
import type { ClientClaims } from '../tokens/access-tokens.ts';
import type { ClientRequestLine } from './admission.ts';

/** `ce-id` of a connect event; the events after it count from 1. */
const CONNECT_EVENT_ID = 0;

/**
 * The event that asks a connect handler about a client: its claims, query and headers, without the token it came with,
 * and the subprotocols it offers.
 */
export function connectEvent(
  connectionId: string,
  line: ClientRequestLine,
  claims: ClientClaims,
  request: IncomingMessage,
): UpstreamEvent {
  const query: Record<string, string[]> = {};
  for (const [name, value] of line.query)
    if (name !== 'access_token') query[name] = [...(query[name] ?? []), value];
  const headers: Record<string, readonly string[]> = {};
  for (const [name, values] of Object.entries(request.headersDistinct))
    if (name !== 'authorization' && values !== undefined) headers[name] = values;
  const body = { claims: claims.all, query, headers, subprotocols: line.offered, clientCertificates: [] };
  return {
    id: CONNECT_EVENT_ID,
    hub: line.hub,
    category: 'system',
    name: 'connect',
    connectionId,
    originHost: line.originHost,
    // None is selected yet.
    subprotocol: '',
    ...(claims.userId === undefined ? {} : { userId: claims.userId }),
    data: { payload: { dataType: 'json', json: JSON.stringify(body) } },
  };
}
