import type { Clock } from '../../common/clock.ts';
import { makeRoom } from '../../common/make-room.ts';
import type { Limits } from '../base/limits.ts';
import { HandlerCall } from './handler-call.ts';
import { type HandlerConnections, type HandlerResponse, HandlerUnreachable } from './handler-connections.ts';

/** Addresses that are remembered, each with the host that was dialled; the oldest is forgotten first. */
const REMEMBERED_MAX = 1_000;

/**
 * What is known of one address.
 *
 *     unknown ──▶ checking ──▶ allowed ──lifetime over──▶ checking …
 *                     └──────▶ denied  ──retry due─────▶ checking …
 */
interface Verdict {
  /** Why the handler gets no events; undefined when it does. */
  readonly refusal: HandlerUnreachable | undefined;
  readonly untilMs: number;
}

/**
 * Asks an event handler, before the first event is sent to it, whether it wants events from this service
 * (CloudEvents webhook abuse protection). Answers of `WebHook-Allowed-Origin` count with or without a port. A handler
 * that is not there yet is asked again as it is for an event. When the event handlers change, `forget` makes it ask
 * every one of them again.
 */
export class AbuseProtection {
  readonly #connections: HandlerConnections;
  readonly #clock: Clock;
  readonly #limits: Limits;
  #verdicts = new Map<string, Verdict>();
  #checking = new Map<string, Promise<HandlerUnreachable | undefined>>();
  readonly #calls = new Set<HandlerCall>();

  constructor(connections: HandlerConnections, clock: Clock, limits: Limits) {
    this.#connections = connections;
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * @param url the handler's address
   * @param originHost the host name of this service as the client dialled it, without port
   * @param authorization the header that events to this handler have, if any
   * @returns why the handler gets no events, undefined when it does
   */
  refusal(
    url: string,
    originHost: string,
    authorization: string | undefined,
  ): HandlerUnreachable | undefined | Promise<HandlerUnreachable | undefined> {
    const key = `${originHost} ${url}`;
    const verdict = this.#verdicts.get(key);
    if (verdict !== undefined && verdict.untilMs > this.#clock.now()) return verdict.refusal;
    const running = this.#checking.get(key) ?? this.#check(key, new URL(url), originHost, authorization);
    // While an allowed address is checked again, events keep flowing.
    return verdict !== undefined && verdict.refusal === undefined ? undefined : running;
  }

  /** Gives up the checks that are under way. */
  cancel(reason: string): void {
    for (const call of this.#calls) call.cancel(reason);
  }

  /** What was answered so far counts no longer. */
  forget(): void {
    // Checks under way end in maps that nobody looks into any more.
    this.#verdicts = new Map();
    this.#checking = new Map();
  }

  #check(
    key: string,
    url: URL,
    originHost: string,
    authorization: string | undefined,
  ): Promise<HandlerUnreachable | undefined> {
    const verdicts = this.#verdicts;
    const checking = this.#checking;
    const check = this.#ask(url, originHost, authorization)
      .catch((error: unknown) =>
        error instanceof HandlerUnreachable
          ? error
          : new HandlerUnreachable('The event handler could not be asked.', { cause: error }),
      )
      .then((refusal) => {
        const { validationLifetimeMs, validationRetryMs } = this.#limits;
        const lifetimeMs = refusal === undefined ? validationLifetimeMs : validationRetryMs;
        makeRoom(verdicts, REMEMBERED_MAX);
        verdicts.set(key, { refusal, untilMs: this.#clock.now() + lifetimeMs });
        checking.delete(key);
        return refusal;
      });
    checking.set(key, check);
    return check;
  }

  async #ask(
    url: URL,
    originHost: string,
    authorization: string | undefined,
  ): Promise<HandlerUnreachable | undefined> {
    const headers = {
      'WebHook-Request-Origin': originHost,
      'ce-awpsversion': '1.0',
      ...(authorization === undefined ? {} : { Authorization: authorization }),
    };
    const first = await this.#request('OPTIONS', url, headers);
    // A server without an OPTIONS route is asked again with GET.
    const answer = first.status === 404 ? await this.#request('GET', url, headers) : first;
    const refusal = `The event handler does not allow the origin '${originHost}'`;
    if (!(answer.status >= 200 && answer.status < 300))
      return new HandlerUnreachable(`${refusal}: it answered the validation with ${answer.status}.`);
    const header = answer.headers['webhook-allowed-origin'] ?? '';
    const origins = [header].flat().join(',').split(',');
    const isAllowed = origins
      .map((origin) => origin.trim())
      .some((origin) => origin === '*' || hostName(origin) === originHost.toLowerCase());
    if (isAllowed) return undefined;
    return new HandlerUnreachable(`${refusal}: its WebHook-Allowed-Origin names others, or is missing.`);
  }

  async #request(
    method: 'OPTIONS' | 'GET',
    url: URL,
    headers: Readonly<Record<string, string>>,
  ): Promise<HandlerResponse> {
    const limits = { ...this.#limits, handlerTimeoutMs: this.#limits.validationTimeoutMs };
    const call = new HandlerCall(() => this.#connections.send({ method, url, headers }), this.#clock, limits);
    this.#calls.add(call);
    try {
      return await call.answer;
    } finally {
      this.#calls.delete(call);
    }
  }
}

function hostName(origin: string): string {
  return origin.toLowerCase().replace(/:\d+$/, '');
}
