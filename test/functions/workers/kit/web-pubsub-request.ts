/** Requests as Web PubSub sends them to an event handler (CloudEvents, binary mode), written from its documentation. */
import { createHmac } from 'node:crypto';
import { format } from 'node:util';
import type { WorkerWebhook } from '../../../../functions/workers/kit/webhook.ts';

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
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly contentType?: string;
  /** Over the headers of a good request; null takes one away. */
  readonly headers?: Record<string, string | null>;
}

export function eventRequest(options: EventOptions = {}): Request {
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
  return new Request(`https://workers.example/api/workers/${worker}`, {
    method: 'POST',
    headers: withoutNulls(headers),
    body,
  });
}

export function validationRequest(origin: string | undefined): Request {
  return new Request('https://workers.example/api/workers/validate', {
    method: 'OPTIONS',
    headers: withoutNulls({ 'ce-awpsversion': '1.0', 'webhook-request-origin': origin ?? null }),
  });
}

/** An invocation that keeps what is logged, as text. */
export function recordingInvocation(): { invocation: Parameters<WorkerWebhook['handle']>[1]; log: string[] } {
  const log: string[] = [];
  const write =
    (level: string) =>
    (...args: readonly unknown[]): void =>
      void log.push(`${level} ${format(...args)}`);
  return { invocation: { log: { warn: write('warning'), error: write('error') } }, log };
}

export function headerOf(response: Response, name: string): string | undefined {
  return response.headers.get(name) ?? undefined;
}

/** The body of a response, in bytes. */
export async function bytesOf(response: Pick<Response, 'arrayBuffer'>): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

function withoutNulls(headers: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([k, v]) => (v === null ? [] : [[k, v]])));
}
