import { randomUUID } from 'node:crypto';
import { type Clock, sleep, systemClock } from '../process/clock.ts';
import { type EventGridEvent, type EventSchema, encodeEvent } from './event.ts';
import { shakeHands } from './handshake.ts';
import { type SendOptions, send } from './post.ts';
import {
  type AttemptResult,
  DEFAULT_RETRY_POLICY,
  type DeadLetterReason,
  nextStep,
  type RetryPolicy,
} from './retry-policy.ts';

/** Event Grid waits this long for the response of an endpoint. */
const RESPONSE_LIMIT_MS = 30_000;
/** Dead letters kept for inspection; the oldest goes first. */
const MAX_DEAD_LETTERS = 100;
/** Copies of one event that are under way at the same time. */
const COPIES_AT_ONCE = 2;
/** An endpoint that is still starting is asked again after these delays; the last one repeats. */
const HANDSHAKE_DELAYS_MS = [200, 400, 800, 1_600, 3_000];
/** How long a validation URL stays open. */
const CONFIRMATION_LIMIT_MS = 5 * 60_000;

export interface SubscriptionOptions {
  /** Endpoint of the webhook, with its secrets in the query. Never logged. */
  readonly endpoint: string;
  /** Default: `EventGridSchema`. */
  readonly schema?: EventSchema;
  readonly name?: string;
  /** ARM path of the publishing resource. */
  readonly topic: string;
  readonly policy?: Partial<RetryPolicy>;
  readonly clock?: Clock;
  /** Gives the URL at which the endpoint's owner can confirm a handshake by hand; pass the id to `confirm` when it is opened. */
  readonly validationUrl?: (id: string) => string;
  /** Told about handshakes that fail. */
  readonly onWarning?: (sentence: string) => void;
}

export interface Attempt {
  readonly atMs: number;
  readonly result: AttemptResult;
}

export interface DeadLetter {
  readonly event: EventGridEvent;
  readonly reason: DeadLetterReason | 'NotValidated';
  readonly attempts: readonly Attempt[];
}

/** How the delivery of one copy ended; `closed` when the subscription was closed before. */
export type DeliveryOutcome = 'delivered' | 'deadLettered' | 'closed';

export interface PublishOptions {
  /** How many times the same event is delivered, each copy with its own attempts; two at once. Default: 1. */
  readonly copies?: number;
  readonly onAttempt?: (attempt: Attempt) => void;
}

/**
 * One event subscription with a webhook endpoint. The endpoint is validated before the first event, not at creation, and until it answers the
 * event waits (within its time to live): so publisher and subscriber may be started in any order.
 */
export class Subscription {
  readonly #options: SubscriptionOptions;
  readonly #clock: Clock;
  readonly #schema: EventSchema;
  readonly #policy: RetryPolicy;
  readonly #closed = new AbortController();
  readonly #deadLetters: DeadLetter[] = [];
  readonly #awaitingConfirmation = new Map<string, { readonly untilMs: number; confirm(): void }>();
  #validated = false;
  #validating: Promise<boolean> | undefined;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#schema = options.schema ?? 'EventGridSchema';
    this.#policy = { ...DEFAULT_RETRY_POLICY, ...options.policy };
  }

  /** Events that were given up, oldest first. */
  get deadLetters(): readonly DeadLetter[] {
    return this.#deadLetters;
  }

  /** Delivers the event; resolves when every copy has ended, in the order in which the copies were started. Never rejects. */
  async publish(event: EventGridEvent, options: PublishOptions = {}): Promise<readonly DeliveryOutcome[]> {
    const publishedMs = this.#clock.now();
    const outcomes: DeliveryOutcome[] = [];
    let started = 0;
    const copies = options.copies ?? 1;
    const deliverNext = async (): Promise<void> => {
      while (started < copies) {
        const index = started++;
        outcomes[index] = await this.#deliver(event, publishedMs, options.onAttempt);
      }
    };
    await Promise.all(Array.from({ length: Math.min(copies, COPIES_AT_ONCE) }, deliverNext));
    return outcomes;
  }

  /** The validation URL with this id was opened. False when nobody waits for it (any more). */
  confirm(id: string): boolean {
    const waiting = this.#awaitingConfirmation.get(id);
    if (waiting === undefined || waiting.untilMs < this.#clock.now()) return false;
    waiting.confirm();
    return true;
  }

  /** Ends all deliveries. Idempotent. */
  close(): void {
    this.#closed.abort();
    this.#awaitingConfirmation.clear();
  }

  async #deliver(
    event: EventGridEvent,
    publishedMs: number,
    onAttempt: PublishOptions['onAttempt'],
  ): Promise<DeliveryOutcome> {
    const attempts: Attempt[] = [];
    const deadlineMs = publishedMs + this.#policy.ttlMs;
    if (!(await this.#validate(deadlineMs)) || this.#clock.now() > deadlineMs) {
      if (this.#closed.signal.aborted) return 'closed';
      return this.#giveUp({ event, reason: 'NotValidated', attempts });
    }
    for (;;) {
      const atMs = this.#clock.now();
      const result = await this.#attempt(event, attempts.length);
      if (this.#closed.signal.aborted) return 'closed';
      attempts.push({ atMs, result });
      onAttempt?.({ atMs, result });
      const next = nextStep(this.#policy, result, attempts.length, this.#clock.now() - publishedMs);
      switch (next.type) {
        case 'delivered':
          return 'delivered';
        case 'deadLetter':
          return this.#giveUp({ event, reason: next.reason, attempts });
        case 'retry':
          await sleep(this.#clock, next.afterMs, this.#closed.signal);
          if (this.#closed.signal.aborted) return 'closed';
      }
    }
  }

  async #attempt(event: EventGridEvent, attemptsBefore: number): Promise<AttemptResult> {
    const { contentType, body } = encodeEvent(this.#schema, event);
    const headers = {
      'content-type': contentType,
      'aeg-event-type': 'Notification',
      'aeg-subscription-name': this.#name().toUpperCase(),
      'aeg-delivery-count': String(attemptsBefore),
      'aeg-data-version': event.dataVersion,
      'aeg-metadata-version': event.metadataVersion,
    };
    const request = { method: 'POST', url: this.#options.endpoint, headers, body } as const;
    return (await send(request, this.#sending())).result;
  }

  /** One handshake at a time, shared by all events that wait for it. */
  async #validate(deadlineMs: number): Promise<boolean> {
    for (let tries = 0; !this.#validated; tries++) {
      if (this.#closed.signal.aborted) return false;
      this.#validating ??= this.#handshake().finally(() => {
        this.#validating = undefined;
      });
      if (await this.#validating) return true;
      const delayMs = HANDSHAKE_DELAYS_MS[Math.min(tries, HANDSHAKE_DELAYS_MS.length - 1)] ?? 0;
      if (this.#clock.now() + delayMs > deadlineMs) return false;
      await sleep(this.#clock, delayMs, this.#closed.signal);
    }
    return true;
  }

  async #handshake(): Promise<boolean> {
    const id = randomUUID();
    const validationUrl = this.#options.validationUrl?.(id);
    const confirmed = new AbortController();
    this.#awaitingConfirmation.set(id, {
      untilMs: this.#clock.now() + CONFIRMATION_LIMIT_MS,
      confirm: () => confirmed.abort(),
    });
    try {
      const result = await shakeHands(
        {
          url: this.#options.endpoint,
          schema: this.#schema,
          topic: this.#options.topic,
          subscriptionName: this.#name(),
          ...(validationUrl === undefined ? {} : { validationUrl }),
        },
        this.#sending(),
      );
      if (result.type !== 'accepted' && !this.#closed.signal.aborted) this.#options.onWarning?.(result.why);
      if (result.type === 'unconfirmed') {
        const either = AbortSignal.any([confirmed.signal, this.#closed.signal]);
        await sleep(this.#clock, CONFIRMATION_LIMIT_MS, either);
      }
      this.#validated = result.type === 'accepted' || confirmed.signal.aborted;
      return this.#validated;
    } finally {
      this.#awaitingConfirmation.delete(id);
    }
  }

  #giveUp(letter: DeadLetter): DeliveryOutcome {
    this.#deadLetters.push(letter);
    if (this.#deadLetters.length > MAX_DEAD_LETTERS) this.#deadLetters.shift();
    return 'deadLettered';
  }

  #sending(): SendOptions {
    return { clock: this.#clock, closed: this.#closed.signal, limitMs: RESPONSE_LIMIT_MS };
  }

  #name(): string {
    return this.#options.name ?? 'trunkline-local';
  }
}
