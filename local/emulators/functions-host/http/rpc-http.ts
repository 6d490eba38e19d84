import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { NullableString, RpcHttpCookie, RpcHttpData, RpcTypedData } from '../app/core-types.ts';
import type { RouteValues } from '../functions/route-template.ts';
import { headerText } from './refusals.ts';

/** The request as a worker gets it: header names in lower case, several values of one name joined by commas. */
export function toRpcHttp(
  request: IncomingMessage,
  url: URL,
  params: RouteValues,
  body: Uint8Array,
): RpcHttpData {
  return {
    method: request.method ?? 'GET',
    url: url.href,
    nullableHeaders: nullable(headersOf(request)),
    nullableQuery: nullable(queryOf(url.searchParams)),
    nullableParams: nullable(params),
    body: body.length === 0 ? undefined : { bytes: body },
  };
}

/** Header values by lower-case name, several values joined by commas. */
export function headersOf(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values]) => [
      name,
      headerText((values ?? []).join(',')),
    ]),
  );
}

/** The value of a header that may come once only; one that comes several times is as good as absent. */
export function singleHeader(request: IncomingMessage, name: string): string | undefined {
  const values = request.headersDistinct[name];
  return values?.length === 1 ? values[0] : undefined;
}

/** Query values by name; names that differ only in case are one name, and its values are joined by commas. */
export function queryOf(query: URLSearchParams): Record<string, string> {
  const byName = new Map<string, { name: string; values: string[] }>();
  for (const [name, value] of query) {
    const known = byName.get(name.toLowerCase());
    if (known === undefined) byName.set(name.toLowerCase(), { name, values: [value] });
    else known.values.push(value);
  }
  return Object.fromEntries([...byName.values()].map(({ name, values }) => [name, values.join(',')]));
}

function nullable(values: Readonly<Record<string, string>>): Record<string, NullableString> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}

/** Headers that describe the connection or the framing, which are the server's to write. */
const FRAMING_HEADERS = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'upgrade',
]);

/**
 * Answers the request with what a function returned; a function that returned nothing is answered with 204. A body goes
 * in chunks, whatever its length.
 *
 * @throws in the words of the host's own server for a header that is not ASCII
 */
export function sendRpcHttp(response: ServerResponse, data: RpcHttpData | undefined): void {
  if (data === undefined) {
    response.writeHead(204).end();
    return;
  }
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(data.headers ?? {})) {
    if (!FRAMING_HEADERS.has(name.toLowerCase())) headers[name] = value;
  }
  const cookies = (data.cookies ?? []).map(formatCookie);
  const own = headers['set-cookie'];
  if (cookies.length > 0) headers['set-cookie'] = own === undefined ? cookies : [String(own), ...cookies];
  const [notAscii] = /[^\p{ASCII}]/u.exec(Object.values(headers).flat().join()) ?? [];
  if (notAscii !== undefined) {
    const code = notAscii.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    throw new Error(`Invalid non-ASCII or control character in header: 0x${code}`);
  }
  const body = bodyBytes(data.body);
  const status = Number(data.statusCode ?? 200);
  const hasBody = status !== 204 && status !== 205 && status !== 304;
  response.writeHead(status, hasBody && body.length === 0 ? { ...headers, 'content-length': 0 } : headers);
  response.end(hasBody ? body : undefined);
}

function bodyBytes(body: RpcTypedData | null | undefined): Uint8Array {
  if (body?.bytes !== undefined) return body.bytes;
  const text = body?.string ?? body?.json ?? body?.int?.toString() ?? body?.double?.toString();
  return Buffer.from(text ?? '');
}

const SAME_SITE = { lax: 'lax', strict: 'strict', explicitNone: 'none' } as const;

/** A `Set-Cookie` value as ASP.NET Core writes it; the path is `/` unless the function names one. */
export function formatCookie(cookie: RpcHttpCookie): string {
  const parts = [`${encodeURIComponent(cookie.name)}=${encodeURIComponent(cookie.value)}`];
  if (cookie.expires) parts.push(`expires=${new Date(cookie.expires.value.seconds * 1_000).toUTCString()}`);
  if (cookie.maxAge) parts.push(`max-age=${Math.trunc(cookie.maxAge.value)}`);
  if (cookie.domain) parts.push(`domain=${cookie.domain.value}`);
  parts.push(`path=${cookie.path?.value ?? '/'}`);
  if (cookie.secure?.value) parts.push('secure');
  if (cookie.sameSite !== undefined && cookie.sameSite !== 'none') {
    parts.push(`samesite=${SAME_SITE[cookie.sameSite]}`);
  }
  if (cookie.httpOnly?.value) parts.push('httponly');
  return parts.join('; ');
}
