import * as z from 'zod';
import type { EventSchema } from './event.ts';
import { type EventFilter, eventFilterSchema } from './event-filter.ts';

/** Subscriptions that one topic may have (the service allows 500). */
const MAX_SUBSCRIPTIONS = 100;
const MINUTE_MS = 60_000;
const MAX_TTL_MINUTES = 1_440;
const MAX_ATTEMPTS = 30;

const url = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });

/** One event subscription, in the words of its ARM template as far as there are any. */
const subscription = z.strictObject({
  name: z.string().min(1).max(64),
  endpointUrl: url,
  eventDeliverySchema: z.enum(['EventGridSchema', 'CloudEventSchemaV1_0']).default('EventGridSchema'),
  filter: eventFilterSchema.default(() => eventFilterSchema.parse({})),
  retryPolicy: z
    .strictObject({
      eventTimeToLiveInMinutes: z.number().min(1).max(MAX_TTL_MINUTES).optional(),
      maxDeliveryAttempts: z.int().min(1).max(MAX_ATTEMPTS).optional(),
    })
    .default({}),
  /** The file that gets dead letters, as JSON lines. The service writes to a blob container instead. */
  deadLetterFile: z.string().min(1).optional(),
});

const subscriptions = z
  .array(subscription)
  .max(MAX_SUBSCRIPTIONS)
  .refine(
    (all) => new Set(all.map(({ name }) => name.toLowerCase())).size === all.length,
    'names must differ',
  );

export interface SubscriptionSettings {
  readonly name: string;
  /** With its secrets in the query. Never logged. */
  readonly endpoint: string;
  readonly schema?: EventSchema;
  readonly filter?: EventFilter;
  readonly ttlMs?: number | undefined;
  readonly maxAttempts?: number | undefined;
  readonly deadLetterFile?: string | undefined;
}

/** As people write them: `[{"name": "calls", "endpointUrl": "http://…", "filter": {…}}]`. @throws RangeError */
export function parseSubscriptions(value: unknown): SubscriptionSettings[] {
  const result = subscriptions.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new RangeError(
      `The Event Grid subscriptions are invalid at ${issue?.path.join('.') || 'the top'}: ${issue?.message}.`,
    );
  }
  return result.data.map(
    ({ name, endpointUrl, eventDeliverySchema, filter, retryPolicy, deadLetterFile }) => ({
      name,
      endpoint: endpointUrl,
      schema: eventDeliverySchema,
      filter,
      ttlMs:
        retryPolicy.eventTimeToLiveInMinutes === undefined
          ? undefined
          : retryPolicy.eventTimeToLiveInMinutes * MINUTE_MS,
      maxAttempts: retryPolicy.maxDeliveryAttempts,
      deadLetterFile,
    }),
  );
}
