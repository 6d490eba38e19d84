import type { Clock } from '../../process/clock.ts';
import type { Limits } from '../limits.ts';

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
 * (CloudEvents webhook abuse protection). Answers of `WebHook-Allowed-Origin` count with or without a port.
 */
export class AbuseProtection {
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #verdicts = new Map<string, Verdict>();
  readonly #checking = new Map<string, Promise<boolean>>();

  constructor(clock: Clock, limits: Limits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * @param url the handler's address
   * @param originHost the host name of this service as the client dialled it, without port
   */
  allows(url: string, originHost: string): boolean | Promise<boolean> {
    const key = `${originHost} ${url}`;
    const verdict = this.#verdicts.get(key);
    if (verdict !== undefined && verdict.untilMs > this.#clock.now()) return verdict.allowed;
    const running = this.#checking.get(key) ?? this.#check(key, url, originHost);
    // While an allowed address is checked again, events keep flowing.
    return verdict?.allowed === true ? true : running;
  }

  #check(key: string, url: string, originHost: string): Promise<boolean> {
    const check = this.#ask(url, originHost)
      .catch(() => false)
      .then((allowed) => {
        const lifetimeMs = allowed ? this.#limits.validationLifetimeMs : this.#limits.validationRetryMs;
        this.#verdicts.set(key, { allowed, untilMs: this.#clock.now() + lifetimeMs });
        this.#checking.delete(key);
        return allowed;
      });
    this.#checking.set(key, check);
    return check;
  }

  async #ask(url: string, originHost: string): Promise<boolean> {
    const first = await this.#request('OPTIONS', url, originHost);
    // A server without an OPTIONS route is asked again with GET.
    const answer = first.status === 404 ? await this.#request('GET', url, originHost) : first;
    if (!answer.ok) return false;
    const origins = (answer.headers.get('WebHook-Allowed-Origin') ?? '')
      .split(',')
      .map((origin) => origin.trim());
    return origins.some((origin) => origin === '*' || hostName(origin) === originHost.toLowerCase());
  }

  async #request(method: 'OPTIONS' | 'GET', url: string, originHost: string): Promise<Response> {
    const response = await fetch(url, {
      method,
      headers: { 'WebHook-Request-Origin': originHost, 'ce-awpsversion': '1.0' },
      redirect: 'manual',
      signal: AbortSignal.timeout(this.#limits.validationTimeoutMs),
    });
    await response.body?.cancel();
    return response;
  }
}

function hostName(origin: string): string {
  return origin.toLowerCase().replace(/:\d+$/, '');
}
