import { makeRoom } from '../../common/make-room.ts';

/** Bounds of RFC 6265, section 6.1: what a user agent should at least keep. */
export const COOKIES_PER_JAR_MAX = 50;
export const COOKIE_BYTES_MAX = 4_096;

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  /** Whether it goes to this host alone, not to those below it. */
  readonly hostOnly: boolean;
  readonly path: string;
  readonly secure: boolean;
  /** Infinity: as long as the connection lives. */
  readonly expiresAtMs: number;
}

/** The cookies that event handlers set on one client's connection (RFC 6265), which keep it with one instance of a handler. */
export class CookieJar {
  /** The oldest first. */
  readonly #cookies = new Map<string, Cookie>();

  get isEmpty(): boolean {
    return this.#cookies.size === 0;
  }

  /** Takes the `Set-Cookie` headers of an answer; what cannot be read, or is not for the host that answered, is ignored. */
  receive(headers: readonly string[], url: URL, nowMs: number): void {
    for (const header of headers) {
      const cookie = parseCookie(header, url, nowMs);
      if (cookie === undefined) continue;
      const key = `${cookie.domain} ${cookie.path} ${cookie.name}`;
      this.#cookies.delete(key);
      if (cookie.expiresAtMs <= nowMs) continue;
      makeRoom(this.#cookies, COOKIES_PER_JAR_MAX);
      this.#cookies.set(key, cookie);
    }
  }

  /** The `Cookie` header for a request, undefined when there is none for it. */
  header(url: URL, nowMs: number): string | undefined {
    const fitting = [...this.#cookies.values()].filter((cookie) => fits(cookie, url, nowMs));
    if (fitting.length === 0) return undefined;
    // Longer paths first, as the RFC asks for; the sort keeps the order of the others.
    const ordered = fitting.sort((a, b) => b.path.length - a.path.length);
    return ordered.map(({ name, value }) => `${name}=${value}`).join('; ');
  }
}

function parseCookie(header: string, url: URL, nowMs: number): Cookie | undefined {
  if (header.length > COOKIE_BYTES_MAX) return undefined;
  const [pair = '', ...attributes] = header.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, equals).trim();
  if (equals < 0 || name === '') return undefined;
  const given = new Map<string, string>();
  for (const attribute of attributes) {
    const [key = '', ...rest] = attribute.split('=');
    given.set(key.trim().toLowerCase(), rest.join('=').trim());
  }
  const host = url.hostname.toLowerCase();
  const asked = given.get('domain')?.replace(/^\./, '').toLowerCase() ?? '';
  const hostOnly = asked === '';
  if (!hostOnly && !isWithin(host, asked)) return undefined;
  const path = given.get('path');
  return {
    name,
    value: pair.slice(equals + 1).trim(),
    domain: hostOnly ? host : asked,
    hostOnly,
    path: path?.startsWith('/') === true ? path : defaultPath(url),
    secure: given.has('secure'),
    expiresAtMs: expiryOf(given, nowMs),
  };
}

function expiryOf(given: ReadonlyMap<string, string>, nowMs: number): number {
  const maxAge = given.get('max-age');
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return nowMs + Number(maxAge) * 1_000;
  const expires = Date.parse(given.get('expires') ?? '');
  return Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires;
}

/** The folder of the address (RFC 6265, section 5.1.4). */
function defaultPath({ pathname }: URL): string {
  const end = pathname.lastIndexOf('/');
  return end <= 0 ? '/' : pathname.slice(0, end);
}

function fits(cookie: Cookie, url: URL, nowMs: number): boolean {
  const host = url.hostname.toLowerCase();
  const forHost = cookie.hostOnly ? host === cookie.domain : isWithin(host, cookie.domain);
  if (!forHost || cookie.expiresAtMs <= nowMs) return false;
  if (cookie.secure && url.protocol !== 'https:') return false;
  const { pathname } = url;
  const folder = cookie.path.endsWith('/') ? cookie.path : `${cookie.path}/`;
  return pathname === cookie.path || pathname.startsWith(folder);
}

/** Whether a host is the domain itself or below it; an IP address has nothing below it. */
function isWithin(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && !/^[\d.]+$|^\[/.test(host));
}
