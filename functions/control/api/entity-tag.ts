import { createHash } from 'node:crypto';
import type { HttpRequest, HttpResponseInit } from '@azure/functions';

/** Content as JSON text, with its strong entity tag (RFC 9110, section 8.8.3). */
interface TaggedContent {
  readonly body: string;
  readonly etag: string;
}

export function tagged(content: unknown): TaggedContent {
  const body = JSON.stringify(content);
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"` };
}

/** Answers a read with its content, or with 304 if the caller already has it (RFC 9110, section 13.1.2). */
export function conditional(
  request: HttpRequest,
  status: number,
  { body, etag }: TaggedContent,
): HttpResponseInit {
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
