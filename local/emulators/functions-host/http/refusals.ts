import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer } from '../../common/answer.ts';
import { type KeyCheck, keyOf } from '../functions/keys.ts';

/** What the host's own server (Kestrel) takes: bytes of a request line with its end, and headers. */
const MAX_REQUEST_LINE = 8_192;
const MAX_HEADERS = 100;

const ABSOLUTE = /^https?:\/\//i;

/** The status of a request that the host's own server refuses before it looks for a function. */
export function refusalStatus(request: IncomingMessage): number | undefined {
  const { method, url = '', httpVersion, rawHeaders } = request;
  if (`${method} ${url} HTTP/${httpVersion}\r\n`.length > MAX_REQUEST_LINE) return 414;
  if (rawHeaders.length / 2 > MAX_HEADERS) return 431;
  const { host: hosts = [] } = request.headersDistinct;
  // HTTP/1.1 without a host is refused by Node already, with 400.
  if (hosts.length !== 1) return hosts.length === 0 ? 500 : 400;
  const [path = ''] = url.split('?');
  if (path.includes('%00') || !rawHeaders.every(isUtf8)) return 400;
  return undefined;
}

/** The address that the client asked for; undefined for a request line or host that makes none. */
export function requestUrl({ url = '', headers: { host = '' } }: IncomingMessage): URL | undefined {
  if (url.startsWith('/')) return URL.parse(`http://${host}${url}`) ?? undefined;
  const asked = ABSOLUTE.test(url) ? URL.parse(url) : null;
  return asked?.host === URL.parse(`http://${host}`)?.host ? (asked ?? undefined) : undefined;
}

/** The text of a header as the host reads it, and not byte by byte as Node does. */
export function headerText(value: string): string {
  return Buffer.from(value, 'latin1').toString();
}

function isUtf8(value: string): boolean {
  return !/[^\p{ASCII}]/u.test(value) || !headerText(value).includes('\ufffd');
}

/** Answers 401 or 403 where the key of a request opens no path of the host itself; true where it has answered. */
export function isRefused(
  keys: KeyCheck,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  systemKey?: string,
): boolean {
  const status = keys.refusal(keyOf(request, url.searchParams), systemKey);
  if (status === undefined) return false;
  if (status === 401) response.setHeader('www-authenticate', 'Bearer');
  answer(response, status);
  return true;
}
