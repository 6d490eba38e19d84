import { createHmac, randomUUID } from 'node:crypto';
import type { UpstreamEvent } from '../hub/commands.ts';
import type { Payload } from '../hub/payload.ts';

/**
 * The headers of one event, in the binary mode of CloudEvents over HTTP.
 * @param accessKeys the connection id is signed with each
 */
export function cloudEventHeaders(
  event: UpstreamEvent,
  accessKeys: readonly string[],
  nowMs: number,
): Record<string, string> {
  const headers: Record<string, string> = {
    'WebHook-Request-Origin': event.originHost,
    'Content-Type': contentTypeOf(event),
    'ce-specversion': '1.0',
    'ce-awpsversion': '1.0',
    'ce-type': `azure.webpubsub.${event.category === 'system' ? 'sys' : 'user'}.${event.name}`,
    'ce-source': `/hubs/${event.hub}/client/${event.connectionId}`,
    'ce-id': String(event.id),
    'ce-time': `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
    'ce-signature': signatures(event.connectionId, accessKeys),
    'ce-connectionId': event.connectionId,
    'ce-hub': event.hub,
    'ce-eventName': event.name,
    'x-ms-client-request-id': randomUUID(),
    traceparent: traceparent(),
  };
  if (event.userId) headers['ce-userId'] = utf8Header(event.userId);
  if (event.subprotocol) headers['ce-subprotocol'] = event.subprotocol;
  if (event.connectionState !== undefined) headers['ce-connectionState'] = event.connectionState;
  for (const [key, value] of Object.entries(event.data.metadata ?? {}))
    headers[`x-webpubsub-metadata-${key.toLowerCase()}`] = value;
  return headers;
}

/** The body of an event: bytes as they are, text as UTF-8. */
export function cloudEventBody(payload: Payload): Uint8Array<ArrayBuffer> | string {
  switch (payload.dataType) {
    case 'binary':
    case 'protobuf':
      return payload.bytes as Uint8Array<ArrayBuffer>;
    case 'text':
      return payload.text;
    case 'json':
      return payload.json;
  }
}

/** A header of UTF-8 bytes: Node writes each character of a header as one byte. */
function utf8Header(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The beginning of a trace (W3C Trace Context, version 00) that is not recorded here. Node keeps UUIDs in stock. */
function traceparent(): string {
  const [trace = '', span = ''] = [randomUUID(), randomUUID()].map((uuid) => uuid.replaceAll('-', ''));
  return `00-${trace}-${span.slice(0, 16)}-00`;
}

/** `sha256=<hex>` of HMAC-SHA256 over the connection id, one for each access key. */
function signatures(connectionId: string, accessKeys: readonly string[]): string {
  return accessKeys
    .map((key) => `sha256=${createHmac('sha256', key).update(connectionId).digest('hex')}`)
    .join(',');
}

function contentTypeOf(event: UpstreamEvent): string {
  switch (event.data.payload.dataType) {
    case 'binary':
      return 'application/octet-stream';
    case 'protobuf':
      return 'application/x-protobuf';
    case 'text':
      return 'text/plain';
    case 'json':
      return event.category === 'system' ? 'application/json; charset=utf-8' : 'application/json';
  }
}
