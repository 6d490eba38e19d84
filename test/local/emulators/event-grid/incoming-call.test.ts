import { EventGridDeserializer, isSystemEvent } from '@azure/eventgrid';
import { describe, expect, it } from 'vitest';
import { encodeEvent } from '../../../../local/emulators/event-grid/event.ts';
import { incomingCallEvent } from '../../../../local/emulators/event-grid/incoming-call.ts';

const TOPIC =
  '/subscriptions/{subscription-id}/resourceGroups/{group-name}/providers/Microsoft.Communication/communicationServices/{communication-services-resource-name}';

/** Written after the payload in the system event tests of the Azure SDK for Go. */
const EXPECTED = {
  id: '{event-id}',
  topic: TOPIC,
  subject: '/caller/{caller-id}/recipient/{recipient-id}',
  data: {
    to: { kind: 'communicationUser', rawId: '{recipient-id}', communicationUser: { id: '{recipient-id}' } },
    from: { kind: 'communicationUser', rawId: '{caller-id}', communicationUser: { id: '{caller-id}' } },
    serverCallId: '{server-call-id}',
    callerDisplayName: 'VOIP Caller',
    customContext: {
      sipHeaders: {
        userToUser: '616d617a6f6e5f6368696;encoding=hex',
        'X-MS-Custom-myheader1': '35567842',
        'X-MS-Custom-myheader2': 'customsipheadervalue',
      },
      voipHeaders: { customHeader: 'customValue' },
    },
    incomingCallContext: '{incoming-call-contextValue}',
    correlationId: 'correlationId',
  },
  eventType: 'Microsoft.Communication.IncomingCall',
  dataVersion: '1.0',
  metadataVersion: '1',
  eventTime: '2023-04-04T17:18:42.5540000Z',
};

const event = incomingCallEvent({
  eventId: '{event-id}',
  topic: TOPIC,
  nowMs: Date.UTC(2023, 3, 4, 17, 18, 42, 554),
  to: EXPECTED.data.to,
  from: EXPECTED.data.from,
  serverCallId: '{server-call-id}',
  callerDisplayName: 'VOIP Caller',
  sipHeaders: EXPECTED.data.customContext.sipHeaders,
  voipHeaders: EXPECTED.data.customContext.voipHeaders,
  incomingCallContext: '{incoming-call-contextValue}',
  correlationId: 'correlationId',
});

describe('the IncomingCall event', () => {
  it('has the members of the documented payload, in their order', () => {
    expect(JSON.stringify(event)).toBe(JSON.stringify(EXPECTED));
  });

  it('is read by the Event Grid client in the Event Grid schema', async () => {
    const { body, contentType } = encodeEvent('EventGridSchema', event);
    expect(contentType).toMatch(/^application\/json/);
    const [read, ...more] = await new EventGridDeserializer().deserializeEventGridEvents(JSON.parse(body));
    expect(more).toEqual([]);
    if (read === undefined) throw new Error('no event was read');
    expect(isSystemEvent('Microsoft.Communication.IncomingCall', read)).toBe(true);
    expect(read.eventTime).toEqual(new Date(Date.UTC(2023, 3, 4, 17, 18, 42, 554)));
    expect(read.data).toEqual(EXPECTED.data);
  });

  it('is read by the Event Grid client in the CloudEvents schema, one event and no array', async () => {
    const { body, contentType } = encodeEvent('CloudEventSchemaV1_0', event);
    expect(contentType).toMatch(/^application\/cloudevents\+json/);
    const parsed: Record<string, unknown> = JSON.parse(body);
    expect(Array.isArray(parsed)).toBe(false);
    const [read] = await new EventGridDeserializer().deserializeCloudEvents(parsed);
    expect(read).toMatchObject({
      source: TOPIC,
      subject: EXPECTED.subject,
      type: 'Microsoft.Communication.IncomingCall',
      data: EXPECTED.data,
    });
  });
});
