import type { ServerResponse } from 'node:http';
import type { Refusal } from './refusal.ts';

export interface Reply {
  readonly status: number;
  /** Defaults to an empty body. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export function sendReply(response: ServerResponse, reply: Reply): void {
  if (response.headersSent || response.destroyed) return;
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
export function refusalReply({ status, code, message }: Refusal): Reply {
  return { status, json: { error: { code, message } } };
}
