import type { Clock } from '../../common/clock.ts';
import { makeRoom } from '../../common/make-room.ts';
import type { Limits } from '../base/limits.ts';
import type { Exchange, HandlerConnections, HandlerResponse } from './handler-connections.ts';

/** Addresses that are remembered, each with the host that was dialled; the oldest is forgotten first. */
const REMEMBERED_MAX = 1_000;

/**
 * What is known of one address.
 *
 *     unknown ──▶ checking ──▶ allowed ──lifetime over──▶ checking …
 *                     └──────▶ denied  ──retry due─────▶ checking …
 */
interface Verdict {
  readonly allowed: boolean;
  readonly untilMs: number;
}

/**
 * Asks an event handler, before the first event is sent to it, whether it wants events from this service
 * (CloudEvents webhook abuse protection). Answers of `WebHook-Allowed-Origin` count with or without a port. When the
 * event handlers change, `forget` makes it ask every one of them again.
 */
export class AbuseProtection {
  readonly #connections: HandlerConnections;
  readonly #clock: Clock;
  readonly #limits: Limits;
  #verdicts = new Map<string, Verdict>();
  #checking = new Map<string, Promise<boolean>>();

  constructor(connections: HandlerConnections, clock: Clock, limits: Limits) {
    this.#connections = connections;
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * @param url the handler's address
   * @param originHost the host name of this service as the client dialled it, without port
   * @param authorization the header that events to this handler have, if any
   */
  allows(url: string, originHost: string, authorization: string | undefined): boolean | Promise<boolean> {
    const key = `${originHost} ${url}`;
    const verdict = this.#verdicts.get(key);
    if (verdict !== undefined && verdict.untilMs > this.#clock.now()) return verdict.allowed;
    const running = this.#checking.get(key) ?? this.#check(key, new URL(url), originHost, authorization);
    // While an allowed address is checked again, events keep flowing.
    return verdict?.allowed === true ? true : running;
  }

  /** What was answered so far counts no longer. */
  forget(): void {
    // Checks under way end in maps that nobody looks into any more.
    this.#verdicts = new Map();
    this.#checking = new Map();
  }

  #check(key: string, url: URL, originHost: string, authorization: string | undefined): Promise<boolean> {
    const verdicts = this.#verdicts;
    const checking = this.#checking;
    const check = this.#ask(url, originHost, authorization)
      .catch(() => false)
      .then((allowed) => {
        const lifetimeMs = allowed ? this.#limits.validationLifetimeMs : this.#limits.validationRetryMs;
        makeRoom(verdicts, REMEMBERED_MAX);
        verdicts.set(key, { allowed, untilMs: this.#clock.now() + lifetimeMs });
        checking.delete(key);
        return allowed;
      });
    checking.set(key, check);
    return check;
  }

  async #ask(url: URL, originHost: string, authorization: string | undefined): Promise<boolean> {
    const headers = {
      'WebHook-Request-Origin': originHost,
      'ce-awpsversion': '1.0',
      ...(authorization === undefined ? {} : { Authorization: authorization }),
    };
    const first = await this.#request('OPTIONS', url, headers);
    // A server without an OPTIONS route is asked again with GET.
    const answer = first.status === 404 ? await this.#request('GET', url, headers) : first;
    if (!(answer.status >= 200 && answer.status < 300)) return false;
    const header = answer.headers['webhook-allowed-origin'] ?? '';
    const origins = [header].flat().join(',').split(',');
    return origins
      .map((origin) => origin.trim())
      .some((origin) => origin === '*' || hostName(origin) === originHost.toLowerCase());
  }

  async #request(
    method: 'OPTIONS' | 'GET',
    url: URL,
    headers: Readonly<Record<string, string>>,
  ): Promise<HandlerResponse> {
    const exchange: Exchange = this.#connections.send({ method, url, headers });
    const cancel = this.#clock.after(this.#limits.validationTimeoutMs, () => exchange.cancel());
    try {
      return await exchange.answer;
    } finally {
      cancel();
    }
  }
}

function hostName(origin: string): string {
  return origin.toLowerCase().replace(/:\d+$/, '');
}
