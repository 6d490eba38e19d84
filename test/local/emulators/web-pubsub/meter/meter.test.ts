import { WebPubSubJsonProtocol } from '@azure/web-pubsub-client';
import { afterEach, describe, expect, it } from 'vitest';
import { HubMeter } from '../../../../../local/emulators/web-pubsub/meter/hub-meter.ts';
import { Tally } from '../../../../../local/emulators/web-pubsub/meter/tally.ts';
import { until } from '../../../../support/until.ts';
import { CONTROL_TOKEN, control } from '../control-client.ts';
import { connect, Resources, serviceClient, startService } from '../service.ts';
import { Webhook } from '../webhook.ts';

const METERED_NAMES_MAX = 10_000;

const resources = new Resources();
afterEach(() => resources.dispose());

describe('a tally', () => {
  it('counts units of 2 KB both ways the documentation can be read', () => {
    const tally = new Tally();
    for (const bytes of [1, 2_048, 2_049, 0]) tally.add(bytes);
    expect(tally.report()).toEqual({ messages: 4, bytes: 4_098, units: 3, unitsRoundedUp: 4 });
    tally.reset();
    expect(tally.report()).toEqual({ messages: 0, bytes: 0, units: 0, unitsRoundedUp: 0 });
  });
});

describe('the meter of a hub', () => {
  it('forgets the oldest names when there are too many, and still counts them for the hub', () => {
    const meter = new HubMeter();
    const traffic = meter.connection('c');
    for (let i = 0; i <= METERED_NAMES_MAX; i += 1) meter.message(10, `g${i}`, traffic);
    const { groups, forgotten, messages } = meter.report();
    expect(Object.keys(groups)).toHaveLength(METERED_NAMES_MAX);
    expect(groups).not.toHaveProperty('g0');
    expect(forgotten).toEqual({ groups: 1, connections: 0 });
    expect(messages.messages).toBe(METERED_NAMES_MAX + 1);
  });

  it('goes on counting a connection after it was set back', () => {
    const meter = new HubMeter();
    const traffic = meter.connection('c');
    meter.message(10, 'g', traffic);
    meter.reset();
    expect(meter.report()).toMatchObject({ groups: {}, connections: {}, outbound: { messages: 0 } });
    meter.message(20, undefined, traffic);
    expect(meter.report().connections).toMatchObject({ c: { messages: { messages: 1, bytes: 20 } } });
  });
});

describe('the meter of the service', () => {
  it('counts what leaves by hub, group and connection, and what handlers are sent', async () => {
    const handler = await Webhook.start(resources);
    const service = await startService(resources, {
      controlToken: CONTROL_TOKEN,
      hubs: { chat: [{ urlTemplate: handler.url, eventPattern: '*' }] },
    });
    const options = { groups: ['room'], client: { protocol: WebPubSubJsonProtocol() } };
    const ana = await connect(resources, service, options);
    const ben = await connect(resources, service, options);
    const heard: unknown[] = [];
    for (const { client } of [ana, ben]) {
      client.on('group-message', ({ message }) => heard.push(message));
      client.on('server-message', ({ message }) => heard.push(message));
    }
    await control(service, 'DELETE', 'meter');
    const admin = serviceClient(service, 'chat');
    const text = { contentType: 'text/plain' } as const;
    await admin.group('room').sendToAll('a'.repeat(3_000), text);
    await admin.sendToConnection(ana.connectionId, 'hello', text);
    await ana.client.sendEvent('e', 'x'.repeat(100), 'text');
    await until(() => heard.length === 3, 'all messages');
    const { body } = await control(service, 'GET', 'meter');
    const large =
      '{"type":"message","from":"group","group":"room","dataType":"text","data":""}'.length + 3_000;
    const small = '{"type":"message","from":"server","dataType":"text","data":"hello"}'.length;
    const chat = (body as { hubs: Record<string, Record<string, unknown>> }).hubs['chat'] ?? {};
    expect(chat).toMatchObject({
      messages: { messages: 3, bytes: 2 * large + small, units: 4, unitsRoundedUp: 5 },
      events: { messages: 1, bytes: 100, units: 1, unitsRoundedUp: 1 },
      outbound: { messages: 4, bytes: 2 * large + small + 100 },
      protocol: { messages: 1, bytes: '{"type":"ack","ackId":1,"success":true}'.length },
      received: { messages: 1 },
    });
    expect(chat['groups']).toEqual({
      room: { messages: 2, bytes: 2 * large, units: 4, unitsRoundedUp: 4 },
    });
    expect(chat['connections']).toMatchObject({
      [ana.connectionId]: { messages: { messages: 2, bytes: large + small } },
      [ben.connectionId]: { messages: { messages: 1, bytes: large } },
    });
    expect(service.meter.report().hubs['chat']).toEqual(chat);
  });
});
