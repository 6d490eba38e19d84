import type { Clock } from '../../common/clock.ts';
import type { Random } from '../../common/random.ts';
import type { EventSchema } from '../../event-grid/event.ts';
import { eventFilterSchema } from '../../event-grid/event-filter.ts';
import type { SubscriptionSettings } from '../../event-grid/subscription-settings.ts';
import { Topic } from '../../event-grid/topic.ts';
import type { RecordEntry } from '../events/event-log.ts';
import type { AcsFaultEngine } from '../faults/fault-plan.ts';
import { plannedDeliveryFaults } from '../faults/planned-faults.ts';

/** ARM path of the emulated resource; an Event Grid topic of a real resource has this form. */
export const TOPIC =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/providers/Microsoft.Communication/communicationServices/local';

/** Documentation for IncomingCall advises two attempts within a minute, since a phone rings for half of that. */
const INCOMING_CALL_POLICY = { ttlMs: 60_000, maxAttempts: 2 };

/** Where events of calls go. */
export interface EventGridOptions {
  /** The short form: one subscription with the name `trunkline-local`, for IncomingCall alone. */
  readonly endpoint?: string | undefined;
  readonly schema?: EventSchema | undefined;
  readonly ttlMs?: number;
  readonly maxAttempts?: number;
  readonly deadLetterFile?: string | undefined;
  readonly subscriptions?: readonly SubscriptionSettings[];
}

interface ResourceTopicSurroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: AcsFaultEngine;
  readonly record: RecordEntry;
  readonly validationUrl: (id: string) => string;
  readonly onWarning: (sentence: string) => void;
}

/**
 * The Event Grid topic of the resource; undefined where nobody subscribed.
 * @throws Error for an endpoint that is no URL
 */
export function createResourceTopic(
  options: EventGridOptions,
  { clock, random, faults, record, validationUrl, onWarning }: ResourceTopicSurroundings,
): Topic | undefined {
  const subscriptions = subscriptionsOf(options);
  if (subscriptions.length === 0) return undefined;
  return new Topic({
    topic: TOPIC,
    subscriptions,
    policy: INCOMING_CALL_POLICY,
    clock,
    random,
    drawFaults: (name) => plannedDeliveryFaults(faults, 'eventGrid', random.branch(`faults of ${name}`)),
    onAttempt: (event, { result }, subscription) =>
      record({
        kind: 'eventGrid',
        subscription,
        id: event.id,
        type: event.eventType,
        ageMs: clock.now() - Date.parse(event.eventTime),
        result,
      }),
    validationUrl,
    onWarning,
  });
}

function subscriptionsOf(options: EventGridOptions): readonly SubscriptionSettings[] {
  const { endpoint, schema, ttlMs, maxAttempts, deadLetterFile, subscriptions = [] } = options;
  if (endpoint === undefined) return subscriptions;
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))
    throw new Error('The Event Grid endpoint (EVENT_GRID_ENDPOINT) must be an http or https URL.');
  const filter = eventFilterSchema.parse({ includedEventTypes: ['Microsoft.Communication.IncomingCall'] });
  const short: SubscriptionSettings = {
    name: 'trunkline-local',
    endpoint,
    filter,
    ttlMs,
    maxAttempts,
    deadLetterFile,
    ...(schema === undefined ? {} : { schema }),
  };
  return [short, ...subscriptions];
}
