import { makeRoom } from '../../common/make-room.ts';
import { CookieJar } from './cookie-jar.ts';

/** Connections whose cookies are kept; the one that was used longest ago loses its first. */
export const COOKIE_JARS_MAX = 10_000;

/** The cookies of each client's connection. A connection has a jar from the first cookie on. */
export class CookieJars {
  readonly #jars = new Map<string, CookieJar>();

  /** The `Cookie` header of a request to an event handler. */
  header(connectionId: string, url: URL, nowMs: number): string | undefined {
    if (this.#jars.size === 0) return undefined;
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
