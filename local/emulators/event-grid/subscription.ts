import { type Clock, sleep, systemClock } from '../common/clock.ts';
import { type Random, systemRandom } from '../common/random.ts';
import { type Attempt, type DeadLetter, DeadLetterFile, encodeDeadLetter } from './dead-letter.ts';
import { DeliveryGate, type DrawDeliveryFaults, noDeliveryFaults } from './delivery-gate.ts';
import { EndpointValidation } from './endpoint-validation.ts';
import { type EventGridEvent, type EventSchema, encodeEvent } from './event.ts';
import { type EventFilter, NO_FILTER, passes } from './event-filter.ts';
import { type SendOptions, send } from './post.ts';
import { type AttemptResult, DEFAULT_RETRY_POLICY, nextStep, type RetryPolicy } from './retry-policy.ts';

export type { Attempt, DeadLetter } from './dead-letter.ts';

/** Event Grid waits this long for the response of an endpoint. */
const RESPONSE_LIMIT_MS = 30_000;
/** Dead letters kept for inspection; the oldest goes first. */
const MAX_DEAD_LETTERS = 100;
/** Copies of one event that are under way at the same time. */
const COPIES_AT_ONCE = 2;

export interface SubscriptionOptions {
  /** Endpoint of the webhook, with its secrets in the query. Never logged. */
  readonly endpoint: string;
  /** Default: `EventGridSchema`. */
  readonly schema?: EventSchema;
  readonly name?: string;
  /** ARM path of the publishing resource. */
  readonly topic: string;
  /** Default: every event. */
  readonly filter?: EventFilter;
  readonly policy?: Partial<RetryPolicy>;
  /** Dead letters are appended here as JSON lines, beside being kept in memory. */
  readonly deadLetterFile?: string | undefined;
  readonly clock?: Clock;
  /** Where jitter and validation codes come from. */
  readonly random?: Random;
  readonly drawFaults?: DrawDeliveryFaults;
  /** The URL at which a person can confirm a handshake; pass its id to `confirm` when somebody opens it. */
  readonly validationUrl?: (id: string) => string;
  /** Told about handshakes that fail. */
  readonly onWarning?: (sentence: string) => void;
}

/** How the delivery of one copy ended: `lost` by a fault, `closed` when the subscription was closed before. */
export type DeliveryOutcome = 'delivered' | 'deadLettered' | 'lost' | 'closed';

export interface PublishOptions {
  /** How many times the same event is delivered, each copy with its own attempts; two at once. Default: 1. */
  readonly copies?: number;
  /** `copy` counts from 0. */
  readonly onAttempt?: (attempt: Attempt, subscription: string, copy: number) => void;
}

/**
 * One event subscription with a webhook endpoint. The endpoint is validated before the first event, not at creation,
 * and until it answers the event waits (within its time to live): so publisher and subscriber may be started in any
 * order.
 */
export class Subscription {
  readonly #options: SubscriptionOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #schema: EventSchema;
  readonly #policy: RetryPolicy;
  readonly #closed = new AbortController();
  readonly #deadLetters: DeadLetter[] = [];
  readonly #deadLetterFile: DeadLetterFile | undefined;
  readonly #gate: DeliveryGate;
  readonly #validation: EndpointValidation;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#schema = options.schema ?? 'EventGridSchema';
    this.#policy = { ...DEFAULT_RETRY_POLICY, ...options.policy };
    this.#gate = new DeliveryGate(this.#clock, options.drawFaults ?? noDeliveryFaults);
    const { endpoint, topic, validationUrl, onWarning, deadLetterFile } = options;
    if (deadLetterFile !== undefined)
      this.#deadLetterFile = new DeadLetterFile(deadLetterFile, (sentence) => onWarning?.(sentence));
    this.#validation = new EndpointValidation({
      url: endpoint,
      schema: this.#schema,
      topic,
      subscriptionName: this.name,
      sending: this.#sending(),
      newId: () => this.#random.uuid(),
      validationUrl,
      onWarning,
    });
  }

  get name(): string {
    return this.#options.name ?? 'trunkline-local';
  }

  /** Events that were given up, oldest first. */
  get deadLetters(): readonly DeadLetter[] {
    return this.#deadLetters;
  }

  /** Whether the filter lets the event pass. */
  wants(event: EventGridEvent): boolean {
    return passes(this.#options.filter ?? NO_FILTER, event);
  }

  /** Delivers the event, whatever the filter says; resolves when every copy has ended. Never rejects. */
  async publish(event: EventGridEvent, options: PublishOptions = {}): Promise<readonly DeliveryOutcome[]> {
    const publishedMs = this.#clock.now();
    const type = event.eventType.slice(event.eventType.lastIndexOf('.') + 1);
    const outcomes: DeliveryOutcome[][] = [];
    let started = 0;
    const copies = options.copies ?? 1;
    const deliverNext = async (): Promise<void> => {
      while (started < copies) {
        const index = started++;
        const delivered = await this.#gate.pass(type, this.#closed.signal, () =>
          this.#deliver(event, publishedMs, (attempt) => options.onAttempt?.(attempt, this.name, index)),
        );
        outcomes[index] = delivered ?? ['lost'];
      }
    };
    await Promise.all(Array.from({ length: Math.min(copies, COPIES_AT_ONCE) }, deliverNext));
    return outcomes.flat();
  }

  /** The validation URL with this id was opened. False when nobody waits for it (any more). */
  confirm(id: string): boolean {
    return this.#validation.confirm(id);
  }

  /** Ends all deliveries; resolves when the dead letters have been written. Idempotent. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#deadLetterFile?.written();
  }

  async #deliver(
    event: EventGridEvent,
    publishedMs: number,
    onAttempt: (attempt: Attempt) => void,
  ): Promise<DeliveryOutcome> {
    const attempts: Attempt[] = [];
    // A stream of its own, since events that are under way at the same time end in any order.
    const random = this.#random.branch(event.id);
    const deadlineMs = publishedMs + this.#policy.ttlMs;
    if (!(await this.#validation.agreed(deadlineMs)) || this.#clock.now() > deadlineMs) {
      if (this.#closed.signal.aborted) return 'closed';
      return this.#giveUp({ subscription: this.name, event, reason: 'NotValidated', publishedMs, attempts });
    }
    for (;;) {
      const atMs = this.#clock.now();
      const result = await this.#attempt(event, attempts.length);
      if (this.#closed.signal.aborted) return 'closed';
      attempts.push({ atMs, result });
      onAttempt({ atMs, result });
      const ageMs = this.#clock.now() - publishedMs;
      const next = nextStep(this.#policy, result, attempts.length, ageMs, random.fraction());
      switch (next.type) {
        case 'delivered':
          return 'delivered';
        case 'deadLetter':
          return this.#giveUp({ subscription: this.name, event, reason: next.reason, publishedMs, attempts });
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
      'aeg-subscription-name': this.name.toUpperCase(),
      'aeg-delivery-count': String(attemptsBefore),
      'aeg-data-version': event.dataVersion,
      'aeg-metadata-version': event.metadataVersion,
    };
    const request = { method: 'POST', url: this.#options.endpoint, headers, body } as const;
    return (await send(request, this.#sending())).result;
  }

  #giveUp(letter: DeadLetter): DeliveryOutcome {
    this.#deadLetters.push(letter);
    if (this.#deadLetters.length > MAX_DEAD_LETTERS) this.#deadLetters.shift();
    this.#deadLetterFile?.append(encodeDeadLetter(letter, this.#schema));
    return 'deadLettered';
  }

  #sending(): SendOptions {
    return { clock: this.#clock, closed: this.#closed.signal, limitMs: RESPONSE_LIMIT_MS };
  }
}
