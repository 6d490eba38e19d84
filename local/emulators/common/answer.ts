import type { ServerResponse } from 'node:http';

/** Answers with a status and, if given, a text or JSON body; does nothing when an answer has begun. */
export function answer(response: ServerResponse, status: number, body?: string | object): void {
  if (response.headersSent || response.destroyed) return;
  if (body === undefined) {
    response.writeHead(status, status === 204 ? {} : { 'content-length': 0 }).end();
    return;
  }
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response
    .writeHead(status, {
      'content-type': `${typeof body === 'string' ? 'text/plain' : 'application/json'}; charset=utf-8`,
      'content-length': Buffer.byteLength(text),
    })
    .end(text);
}

/** Answers while part of the request is still unread, so the connection cannot be used again. */
export function answerAndClose(response: ServerResponse, status: number, body?: string | object): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
  answer(response, status, body);
}
