/** Requests as Web PubSub sends them to an event handler (CloudEvents, binary mode), written from its documentation. */
import { createHmac } from 'node:crypto';
import { HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions';

export const ACCESS_KEY = 'a-primary-access-key';
export const SECONDARY_KEY = 'a-secondary-access-key';
export const ENDPOINT_HOST = 'contoso.webpubsub.azure.com';
export const CALL_ID = '0123456789abcdef';
const CONNECTION_ID = 'Xq3-connection';

export function sign(key: string, connectionId = CONNECTION_ID): string {
  return `sha256=${createHmac('sha256', key).update(connectionId).digest('hex')}`;
}

export interface EventOptions {
  readonly worker?: string;
  readonly body?: Uint8Array;
  readonly contentType?: string;
  /** Over the headers of a good request; null takes one away. */
  readonly headers?: Record<string, string | null>;
}

export function eventRequest(options: EventOptions = {}): HttpRequest {
  const { worker = 'echo', body = new Uint8Array(0), contentType = 'application/octet-stream' } = options;
  const headers: Record<string, string | null> = {
    'webhook-request-origin': ENDPOINT_HOST,
    'content-type': contentType,
    'content-length': String(body.byteLength),
    'ce-specversion': '1.0',
    'ce-awpsversion': '1.0',
    'ce-type': `azure.webpubsub.user.${worker}`,
    'ce-source': `/hubs/calls/client/${CONNECTION_ID}`,
    'ce-id': '1',
    'ce-time': '2026-01-01T00:00:00Z',
    'ce-signature': `${sign(ACCESS_KEY)},${sign(SECONDARY_KEY)}`,
    'ce-connectionId': CONNECTION_ID,
    'ce-hub': 'calls',
    'ce-eventName': worker,
    'ce-userId': CALL_ID,
    ...options.headers,
  };
  return new HttpRequest({
    method: 'POST',
    url: `https://workers.example/api/workers/${worker}`,
    params: { name: worker },
    headers: withoutNulls(headers),
    body: { bytes: body },
  });
}

export function validationRequest(origin: string | undefined): HttpRequest {
  return new HttpRequest({
    method: 'OPTIONS',
    url: 'https://workers.example/api/workers/validate',
    params: { name: 'validate' },
    headers: withoutNulls({ 'ce-awpsversion': '1.0', 'webhook-request-origin': origin ?? null }),
  });
}

/** A context that keeps what is logged, as text. */
export function recordingContext(): { context: InvocationContext; log: string[] } {
  const log: string[] = [];
  const context = new InvocationContext({
    functionName: 'workerEvents',
    logHandler: (level, ...args) => log.push([level, ...args.map(text)].join(' ')),
  });
  return { context, log };
}

export function headerOf(response: HttpResponseInit, name: string): string | undefined {
  return new Headers(response.headers as Record<string, string>).get(name) ?? undefined;
}

function text(value: unknown): string {
  return value instanceof Error
    ? String(value.stack)
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
}

function withoutNulls(headers: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([k, v]) => (v === null ? [] : [[k, v]])));
}
