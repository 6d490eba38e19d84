import { Cookie, canonicalDomain, cookieCompare, defaultPath, domainMatch, pathMatch } from 'tough-cookie';
import { makeRoom } from '../../common/make-room.ts';

/** Bounds of RFC 6265, section 6.1: what a user agent should at least keep. */
const COOKIES_PER_JAR_MAX = 50;
const COOKIE_BYTES_MAX = 4_096;

/** Connections whose cookies are kept; the one that was used longest ago loses its first. */
const COOKIE_JARS_MAX = 10_000;

interface KeptCookie {
  readonly cookie: Cookie;
  readonly domain: string;
  readonly path: string;
  /** Whether it goes to this host alone, not to those below it. */
  readonly hostOnly: boolean;
  /** Infinity: as long as the connection lives. */
  readonly expiresAtMs: number;
}

/**
 * The cookies that event handlers set on one client's connection (RFC 6265), which keep it with one instance of a
 * handler. The library reads and matches them; its own jar goes by the machine's clock and has no bound.
 */
export class CookieJar {
  /** The oldest first. */
  readonly #cookies = new Map<string, KeptCookie>();

  get isEmpty(): boolean {
    return this.#cookies.size === 0;
  }

  /** Takes the `Set-Cookie` headers of an answer; ignores those that are malformed or for another host. */
  receive(headers: readonly string[], url: URL, nowMs: number): void {
    for (const header of headers) {
      const kept = readCookie(header, url, nowMs);
      if (kept === undefined) continue;
      const key = `${kept.domain} ${kept.path} ${kept.cookie.key}`;
      this.#cookies.delete(key);
      if (kept.expiresAtMs <= nowMs) continue;
      makeRoom(this.#cookies, COOKIES_PER_JAR_MAX);
      this.#cookies.set(key, kept);
    }
  }

  /** The `Cookie` header for a request, undefined when there is none for it. */
  header(url: URL, nowMs: number): string | undefined {
    const cookies = [...this.#cookies.values()]
      .filter((kept) => kept.expiresAtMs > nowMs && isFor(kept, url))
      .map(({ cookie }) => cookie);
    if (cookies.length === 0) return undefined;
    const ordered = cookies.sort(cookieCompare);
    return ordered.map((cookie) => cookie.cookieString()).join('; ');
  }
}

function readCookie(header: string, url: URL, nowMs: number): KeptCookie | undefined {
  const cookie = header.length > COOKIE_BYTES_MAX ? undefined : Cookie.parse(header);
  if (cookie === undefined) return undefined;
  const hostOnly = cookie.domain === null;
  const domain = canonicalDomain(cookie.domain ?? url.hostname) ?? '';
  if (!hostOnly && domainMatch(url.hostname, domain) !== true) return undefined;
  cookie.path ??= defaultPath(url.pathname);
  const expiresAtMs = cookie.expiryTime(new Date(nowMs)) ?? Number.POSITIVE_INFINITY;
  return { cookie, domain, path: cookie.path, hostOnly, expiresAtMs };
}

function isFor({ cookie, domain, path, hostOnly }: KeptCookie, url: URL): boolean {
  const host = canonicalDomain(url.hostname) ?? '';
  if (hostOnly ? host !== domain : domainMatch(host, domain) !== true) return false;
  return pathMatch(url.pathname, path) && (!cookie.secure || url.protocol === 'https:');
}

/** The cookies of each client's connection. A connection has a jar from the first cookie on. */
export class CookieJars {
  readonly #jars = new Map<string, CookieJar>();

  /** The `Cookie` header of a request to an event handler. */
  header(connectionId: string, url: URL, nowMs: number): string | undefined {
    const jar = this.#jars.get(connectionId);
    if (jar === undefined) return undefined;
    this.#touch(connectionId, jar);
    return jar.header(url, nowMs);
  }

  /** Takes the `Set-Cookie` headers of an event handler's answer. */
  receive(connectionId: string, setCookie: readonly string[] | undefined, url: URL, nowMs: number): void {
    if (setCookie === undefined) return;
    const jar = this.#jars.get(connectionId) ?? new CookieJar();
    jar.receive(setCookie, url, nowMs);
    if (jar.isEmpty) this.#jars.delete(connectionId);
    else this.#touch(connectionId, jar);
  }

  /** The connection is no more. */
  forget(connectionId: string): void {
    this.#jars.delete(connectionId);
  }

  #touch(connectionId: string, jar: CookieJar): void {
    this.#jars.delete(connectionId);
    makeRoom(this.#jars, COOKIE_JARS_MAX);
    this.#jars.set(connectionId, jar);
  }
}
