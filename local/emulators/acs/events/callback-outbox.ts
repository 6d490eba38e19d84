import { type Clock, sleep } from '../../common/clock.ts';
import { type Random, systemRandom } from '../../common/random.ts';
import { DeliveryGate, type DrawDeliveryFaults, noDeliveryFaults } from '../../event-grid/delivery-gate.ts';
import { send, type WebhookRequest } from '../../event-grid/post.ts';
import type { AttemptResult } from '../../event-grid/retry-policy.ts';
import { type CallbackEvent, type EventOrigin, encodeCallbackEvent } from './callback-event.ts';
import type { TokenIssuer } from './tokens.ts';

/** How long the last event of a call waits for answers to those before it. */
const LAST_WAITS_MS = 2_000;

interface OutboxOptions {
  readonly clock: Clock;
  readonly tokens: Pick<TokenIssuer, 'callbackToken'>;
  readonly origin: EventOrigin;
  /** Delays before the second, third, … attempt; their number bounds the attempts. */
  readonly retryDelaysMs: readonly number[];
  /** How long an application may take to answer; then the attempt is given up. */
  readonly answerLimitMs: number;
  /** Whether an event that was given up unanswered is repeated like one that failed. */
  readonly repeatUnanswered: boolean;
  /** Headers of every callback, beside the token. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly onSent: (event: SentEvent) => void;
  /** Told when an attempt has ended. */
  readonly onAttempt?: (event: SentEvent) => void;
  /** Where the ids of the events come from. */
  readonly random?: Random;
  readonly drawFaults?: DrawDeliveryFaults;
  /** How far the clock that the events show is ahead. */
  readonly clockSkewMs?: () => number;
}

/** The record of one event; `attempts` and `result` go on changing until the delivery has ended. */
export interface SentEvent {
  readonly id: string;
  readonly type: CallbackEvent['type'];
  readonly firstSentMs: number;
  attempts: number;
  result: AttemptResult | undefined;
}

/**
 * The callbacks of one call. Each event is a POST of its own, several at the same time, in no order; one that finds
 * nobody, or an error, is repeated with the same id and the same token. After the last event nothing else is sent.
 */
export class CallbackOutbox {
  readonly #options: OutboxOptions;
  readonly #gate: DeliveryGate;
  readonly #closed = new AbortController();
  readonly #beforeLast = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#gate = new DeliveryGate(options.clock, options.drawFaults ?? noDeliveryFaults);
  }

  post(uri: string, event: CallbackEvent): void {
    if (this.#beforeLast.signal.aborted) return;
    const delivery = this.#deliver(uri, event, this.#beforeLast.signal);
    this.#underWay.add(delivery);
    void delivery.finally(() => this.#underWay.delete(delivery));
  }

  /**
   * Sends the last event of the call: what is under way may end its present attempt, which this event waits for a
   * moment, and is not repeated.
   */
  async postLast(uri: string, event: CallbackEvent): Promise<void> {
    if (this.#beforeLast.signal.aborted) return;
    this.#beforeLast.abort();
    const { clock } = this.#options;
    const waited = new AbortController();
    const stop = AbortSignal.any([waited.signal, this.#closed.signal]);
    await Promise.race([Promise.all(this.#underWay), sleep(clock, LAST_WAITS_MS, stop)]);
    waited.abort();
    await this.#deliver(uri, event, this.#closed.signal);
  }

  /** Ends everything at once. Idempotent. */
  close(): void {
    this.#beforeLast.abort();
    this.#closed.abort();
  }

  async #deliver(uri: string, event: CallbackEvent, noRepetition: AbortSignal): Promise<void> {
    const { clock, tokens, origin, random = systemRandom, clockSkewMs = () => 0 } = this.#options;
    if (this.#closed.signal.aborted) return;
    const nowMs = clock.now();
    const id = random.uuid();
    const body = encodeCallbackEvent(event, origin, id, nowMs + clockSkewMs());
    const sent: SentEvent = { id, type: event.type, firstSentMs: nowMs, attempts: 0, result: undefined };
    this.#options.onSent(sent);
    // Chance is drawn here, in the order of the events: signing ends in any order.
    const token = tokens.callbackToken();
    const passing = this.#gate.pass(event.type, noRepetition, async () => {
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        ...this.#options.headers,
        authorization: `Bearer ${await token}`,
      };
      await this.#attempt({ method: 'POST', url: uri, headers, body }, sent, noRepetition);
    });
    await Promise.all([token, passing]);
  }

  /** Sends one copy until it is accepted or was repeated often enough. */
  async #attempt(request: WebhookRequest, sent: SentEvent, noRepetition: AbortSignal): Promise<void> {
    const { clock, retryDelaysMs, answerLimitMs, repeatUnanswered, onAttempt } = this.#options;
    for (let repeated = 0; ; repeated++) {
      if (this.#closed.signal.aborted) return;
      const { result } = await send(request, {
        clock,
        closed: this.#closed.signal,
        limitMs: answerLimitMs,
      });
      if (this.#closed.signal.aborted) return;
      sent.attempts++;
      sent.result = result;
      onAttempt?.(sent);
      const delayMs = retryDelaysMs[repeated];
      if (typeof result === 'number' && result >= 200 && result < 300) return;
      if (result === 'timeout' && !repeatUnanswered) return;
      if (delayMs === undefined || noRepetition.aborted) return;
      await sleep(clock, delayMs, noRepetition);
      if (noRepetition.aborted) return;
    }
  }
}
