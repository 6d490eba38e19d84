import { randomBytes } from 'node:crypto';
import type { ServerDataMessage } from '@azure/web-pubsub-client';
import { afterEach, describe, expect, it } from 'vitest';
import { JSON_PROTOCOLS, PROTOBUF_PROTOCOLS } from '../sdk-protocols.ts';
import {
  arrayBufferOf,
  connect,
  Resources,
  serviceClient,
  startExpressHandler,
  startService,
} from '../service.ts';
import { Webhook } from '../webhook.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

/** One RTP packet of 100 ms of 16 kHz audio. */
const PACKET_BYTES = 3_212;

describe.each([
  ...JSON_PROTOCOLS.map((each) => [...each, '[object Object]'] as const),
  // The product writes JSON as text in protobuf, and the middleware hands text on as it came.
  ...PROTOBUF_PROTOCOLS.map((each) => [...each, '{"two":2}'] as const),
])('an event over %s', (_name, protocol, json) => {
  it('reaches the webhook byte for byte, and the binary reply arrives before the ack', async () => {
    const upstream = await Webhook.start(resources);
    upstream.answer = (_request, response, { bytes }) => {
      response.setHeader('Content-Type', 'application/octet-stream');
      response.end(Buffer.from(bytes).reverse());
    };
    const service = await startService(resources, {
      hubs: { calls: [{ urlTemplate: `${upstream.url}/api/workers/{event}`, eventPattern: '*' }] },
    });
    const { client } = await connect(resources, service, {
      hub: 'calls',
      userId: 'call-1',
      client: { protocol: protocol() },
    });
    const order: string[] = [];
    const replies: ServerDataMessage[] = [];
    client.on('server-message', ({ message }) => {
      order.push('message');
      replies.push(message);
    });
    const packet = randomBytes(PACKET_BYTES);
    await client.sendEvent('echo', arrayBufferOf(packet), 'binary');
    order.push('ack');

    const events = upstream.events();
    expect(events).toHaveLength(1);
    expect(events[0]?.headers['content-type']).toBe('application/octet-stream');
    expect(events[0]?.bytes.equals(packet), 'the webhook got the bytes that were sent').toBe(true);
    expect(order).toEqual(['message', 'ack']);
    expect(replies[0]?.dataType).toBe('binary');
    expect(Buffer.from(replies[0]?.data as ArrayBuffer).equals(Buffer.from(packet).reverse())).toBe(true);
  });

  it('reaches the express middleware of Microsoft with its user, its state and its type', async () => {
    const seen: unknown[] = [];
    const url = await startExpressHandler(resources, 'calls', {
      handleConnect(_request, response) {
        response.setState('turn', 1);
        response.success({ groups: ['lobby'], roles: ['webpubsub.sendToGroup.lobby'] });
      },
      handleUserEvent(request, response) {
        seen.push({
          name: request.context.eventName,
          user: request.context.userId,
          turn: request.context.states['turn'],
        });
        response.setState('turn', 2);
        response.success(`heard ${request.data}`, 'text');
      },
      allowedEndpoints: ['http://127.0.0.1:1'],
    });
    const service = await startService(resources, {
      hubs: { Calls: [{ urlTemplate: url, eventPattern: 'hello', systemEvents: ['connect'] }] },
    });
    const { client } = await connect(resources, service, {
      hub: 'calls',
      userId: 'anna',
      client: { protocol: protocol() },
    });
    const texts: unknown[] = [];
    client.on('server-message', ({ message }) => texts.push(message.data));
    client.on('group-message', ({ message }) => texts.push(message.data));
    await client.sendEvent('hello', 'one', 'text');
    await client.sendEvent('Hello', { two: 2 }, 'json');
    await client.sendToGroup('lobby', 'to all', 'text');
    expect(seen).toEqual([
      { name: 'hello', user: 'anna', turn: 1 },
      { name: 'Hello', user: 'anna', turn: 2 },
    ]);
    expect(texts).toEqual(['heard one', `heard ${json}`, 'to all']);
  });
});

it('tells the express middleware when a client is there and when it has gone', async () => {
  const seen: string[] = [];
  const gone = Promise.withResolvers<string | undefined>();
  const here = Promise.withResolvers<void>();
  const url = await startExpressHandler(resources, 'chat', {
    onConnected: ({ context }) => {
      seen.push(`connected ${context.connectionId}`);
      here.resolve();
    },
    onDisconnected: ({ context, reason }) => {
      seen.push(`disconnected ${context.connectionId}`);
      gone.resolve(reason);
    },
  });
  const service = await startService(resources, {
    hubs: { chat: [{ urlTemplate: url, systemEvents: ['connected', 'disconnected'] }] },
  });
  const { connectionId } = await connect(resources, service);
  await here.promise;
  await serviceClient(service, 'chat').closeConnection(connectionId, { reason: 'maintenance' });
  expect(await gone.promise).toBe('Application server closed the connection. Reason: maintenance');
  expect(seen).toEqual([`connected ${connectionId}`, `disconnected ${connectionId}`]);
});

it('refuses a client with the status that the connect handler answers', async () => {
  const url = await startExpressHandler(resources, 'chat', {
    handleConnect: (_request, response) => response.fail(401, 'not you'),
  });
  const service = await startService(resources, {
    hubs: { chat: [{ urlTemplate: url, systemEvents: ['connect'] }] },
  });
  await expect(connect(resources, service)).rejects.toThrow('401');
});
