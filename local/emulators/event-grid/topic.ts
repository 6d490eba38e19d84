import type { Clock } from '../common/clock.ts';
import type { Random } from '../common/random.ts';
import type { DrawDeliveryFaults } from './delivery-gate.ts';
import type { EventGridEvent } from './event.ts';
import type { RetryPolicy } from './retry-policy.ts';
import {
  type Attempt,
  type DeadLetter,
  type DeliveryOutcome,
  type PublishOptions,
  Subscription,
} from './subscription.ts';
import type { SubscriptionSettings } from './subscription-settings.ts';

export interface TopicOptions {
  /** ARM path of the publishing resource. */
  readonly topic: string;
  readonly subscriptions: readonly SubscriptionSettings[];
  /** Where a subscription says nothing else. */
  readonly policy: Partial<RetryPolicy>;
  readonly clock: Clock;
  readonly random: Random;
  readonly drawFaults?: (subscription: string) => DrawDeliveryFaults;
  readonly onAttempt?: (event: EventGridEvent, attempt: Attempt, subscription: string) => void;
  readonly validationUrl: (id: string) => string;
  readonly onWarning: (sentence: string) => void;
}

/** The events of one resource, and who subscribed to them. */
export class Topic {
  readonly #subscriptions: readonly Subscription[];
  readonly #onAttempt: TopicOptions['onAttempt'];

  constructor(options: TopicOptions) {
    const { topic, policy, clock, random, drawFaults, validationUrl, onWarning } = options;
    this.#onAttempt = options.onAttempt;
    this.#subscriptions = options.subscriptions.map(
      ({ name, endpoint, schema, filter, ttlMs, maxAttempts, deadLetterFile }) =>
        new Subscription({
          name,
          endpoint,
          topic,
          clock,
          random: random.branch(`subscription ${name}`),
          policy: {
            ...policy,
            ...(ttlMs === undefined ? {} : { ttlMs }),
            ...(maxAttempts === undefined ? {} : { maxAttempts }),
          },
          validationUrl,
          onWarning: (sentence) => onWarning(`subscription ${name}: ${sentence}`),
          deadLetterFile,
          ...(schema === undefined ? {} : { schema }),
          ...(filter === undefined ? {} : { filter }),
          ...(drawFaults === undefined ? {} : { drawFaults: drawFaults(name) }),
        }),
    );
  }

  /** Events that were given up, subscription by subscription. */
  get deadLetters(): readonly DeadLetter[] {
    return this.#subscriptions.flatMap(({ deadLetters }) => deadLetters);
  }

  /** Delivers the event where a filter lets it pass; resolves when all deliveries have ended. Never rejects. */
  async publish(event: EventGridEvent, options: PublishOptions = {}): Promise<readonly DeliveryOutcome[]> {
    const wanted = this.#subscriptions.filter((subscription) => subscription.wants(event));
    const onAttempt: PublishOptions['onAttempt'] = (attempt, subscription, copy) => {
      this.#onAttempt?.(event, attempt, subscription);
      options.onAttempt?.(attempt, subscription, copy);
    };
    const outcomes = await Promise.all(
      wanted.map((subscription) => subscription.publish(event, { ...options, onAttempt })),
    );
    return outcomes.flat();
  }

  /** A validation URL was opened. False when no subscription waits for this id (any more). */
  confirm(id: string): boolean {
    return this.#subscriptions.some((subscription) => subscription.confirm(id));
  }

  /** Ends all deliveries. Idempotent. */
  async close(): Promise<void> {
    await Promise.all(this.#subscriptions.map((subscription) => subscription.close()));
  }
}
