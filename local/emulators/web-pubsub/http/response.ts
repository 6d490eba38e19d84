import type { ServerResponse } from 'node:http';

/** What a request is answered with: a status, and JSON if there is a body. */
export interface HttpResult {
  readonly status: number;
  readonly body?: unknown;
}

export function answer(response: ServerResponse, result: HttpResult): void {
  if (result.body === undefined) {
    response.writeHead(result.status, result.status === 204 ? {} : { 'Content-Length': 0 });
    response.end();
    return;
  }
  const body = JSON.stringify(result.body);
  response.writeHead(result.status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}
