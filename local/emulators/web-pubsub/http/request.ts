import type { IncomingMessage } from 'node:http';
import { readBody } from '../../common/read-body.ts';
import { badRequest } from './api-error.ts';

/** The scheme that the client used: tokens name the URL that was called. */
export function schemeOf({ socket }: IncomingMessage): 'http' | 'https' {
  return 'encrypted' in socket ? 'https' : 'http';
}

/** The token of an `Authorization: Bearer` header. */
export function tokenOfHeader(request: IncomingMessage): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** @throws ApiError 400 when the body is longer than `maxBytes` */
export async function bodyOf(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const body = await readBody(request, maxBytes);
  if (body !== undefined) return body;
  throw badRequest(`Invalid Content-Length header. A body has at most ${maxBytes} bytes.`);
}

/** What an operation answers: a status, and JSON if there is a body. */
export interface HttpResult {
  readonly status: number;
  readonly body?: object;
}
