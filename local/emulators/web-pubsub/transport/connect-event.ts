import type { IncomingMessage } from 'node:http';
import type { UpstreamEvent } from '../hub/commands.ts';
import type { ClientClaims } from '../tokens/access-tokens.ts';
import { ACCESS_TOKEN, type ClientRequestLine } from './admission.ts';

/** `ce-id` of a connect event; the events after it count from 1. */
const CONNECT_EVENT_ID = 0;

/** Headers that the parts of the service send each other. */
const INTERNAL_HEADER = /^x-asrs-internal-/i;

/**
 * The event that asks a connect handler about a client: its claims, its query and headers as it wrote them, without the
 * token it came with, and the subprotocols it offers.
 */
export function connectEvent(
  connectionId: string,
  line: ClientRequestLine,
  claims: ClientClaims,
  request: IncomingMessage,
): UpstreamEvent {
  const query: Record<string, string[]> = {};
  for (const [name, value] of line.query)
    if (name.toLowerCase() !== ACCESS_TOKEN) query[name] = [...(query[name] ?? []), value];
  const headers = headersOf(request.rawHeaders);
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

/** The values of each header by its name, which is spelled as the client spelled it first. */
function headersOf(rawHeaders: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const headers = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const value = rawHeaders[index + 1] ?? '';
    const key = name.toLowerCase();
    if (key === 'authorization' || INTERNAL_HEADER.test(key)) continue;
    const known = headers.get(key);
    if (known === undefined) headers.set(key, { name, values: [value] });
    else known.values.push(value);
  }
  return Object.fromEntries([...headers.values()].map(({ name, values }) => [name, values]));
}
