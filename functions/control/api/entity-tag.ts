import { createHash } from 'node:crypto';
import type { HttpRequest, HttpResponseInit } from '@azure/functions';

/**
 * Answers a read with its content and a strong entity tag, or with 304 if the caller already has that content (RFC
 * 9110, sections 8.8.3 and 13.1.2).
 */
export function conditional(request: HttpRequest, status: number, content: unknown): HttpResponseInit {
  const body = JSON.stringify(content);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  const headers = { etag, 'cache-control': 'private, no-cache' };
  if (names(request.headers.get('if-none-match'), etag)) return { status: 304, headers };
  return { status, headers: { ...headers, 'content-type': 'application/json' }, body };
}

/** Whether an If-None-Match names this tag. Weak tags count too, as they do for reads. */
function names(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false;
  return ifNoneMatch
    .split(',')
    .map((part) => part.trim().replace(/^W\//, ''))
    .some((part) => part === '*' || part === etag);
}
