/** The two schemas in which Event Grid delivers events to a webhook. */
export type EventSchema = 'EventGridSchema' | 'CloudEventSchemaV1_0';

/** An event in the Event Grid schema, exactly as it stands on the wire. */
export interface EventGridEvent {
  readonly id: string;
  readonly topic: string;
  readonly subject: string;
  readonly data: unknown;
  readonly eventType: string;
  readonly dataVersion: string;
  readonly metadataVersion: string;
  readonly eventTime: string;
}

/** One HTTP request body with its content type. */
interface EncodedEvent {
  readonly contentType: string;
  readonly body: string;
}

/**
 * The body of one delivery. Event Grid schema: an array with this one event; CloudEvents 1.0: the event alone, since
 * output batching is off by default (Event Grid, "Output batching" and "CloudEvents v1.0 schema").
 */
export function encodeEvent(schema: EventSchema, event: EventGridEvent): EncodedEvent {
  switch (schema) {
    case 'EventGridSchema':
      return { contentType: 'application/json; charset=utf-8', body: JSON.stringify([event]) };
    case 'CloudEventSchemaV1_0':
      return {
        contentType: 'application/cloudevents+json; charset=utf-8',
        body: JSON.stringify(toCloudEvent(event)),
      };
  }
}

/** The service writes seven digits after the second; a clock in milliseconds fills four of them with zeros. */
export function eventTime(nowMs: number): string {
  return new Date(nowMs).toISOString().replace('Z', '0000Z');
}

/** The event in the CloudEvents schema, version 1.0. */
export function toCloudEvent(event: EventGridEvent): Record<string, unknown> {
  return {
    id: event.id,
    source: event.topic,
    subject: event.subject,
    type: event.eventType,
    time: event.eventTime,
    specversion: '1.0',
    data: event.data,
  };
}
