import { type WebPubSubClient, WebPubSubJsonReliableProtocol } from '@azure/web-pubsub-client';
import { afterEach, expect, it, vi } from 'vitest';
import type { RunningWebPubSub } from '../../../../../local/emulators/web-pubsub/service/server.ts';
import { protobufProtocol } from '../../../../support/sdk-protobuf-protocol.ts';
import { until } from '../../../../support/until.ts';
import { connect, Resources, serviceClient, startService } from '../service.ts';
import { startTcpProxy } from '../tcp-proxy.ts';
import { Webhook } from '../webhook.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

/** The service as a client sees it that dials through the proxy. */
function behind(service: RunningWebPubSub, url: string): RunningWebPubSub {
  return { ...service, url, connectionString: `Endpoint=${url};AccessKey=${service.accessKey};Version=1.0;` };
}

function texts(client: WebPubSubClient): unknown[] {
  const heard: unknown[] = [];
  client.on('group-message', ({ message }) => heard.push(message.data));
  return heard;
}

const reliable = { protocol: WebPubSubJsonReliableProtocol() };

it.each([
  ['JSON', WebPubSubJsonReliableProtocol],
  ['protobuf', () => protobufProtocol('reliable')],
])(
  'replays over %s, in order and once each, what was sent while the client was cut off',
  async (_name, protocol) => {
    const service = await startService(resources);
    const proxy = await startTcpProxy(resources, service.port);
    const { client } = await connect(resources, behind(service, proxy.url), {
      groups: ['room'],
      roles: ['webpubsub.sendToGroup'],
      client: { protocol: protocol() },
    });
    const heard = texts(client);
    const connected = vi.fn();
    const disconnected = vi.fn();
    client.on('connected', connected);
    client.on('disconnected', disconnected);
    const group = serviceClient(service, 'chat').group('room');
    await group.sendToAll('before', { contentType: 'text/plain' });
    await until(() => heard.length > 0, 'the message before the cut');
    expect(heard).toEqual(['before']);
    proxy.refuse(true);
    proxy.cut();
    const missed = Array.from({ length: 20 }, (_, i) => `missed ${i}`);
    for (const text of missed) await group.sendToAll(text, { contentType: 'text/plain' });
    expect(heard, 'nothing gets through while the client is cut off').toEqual(['before']);
    proxy.refuse(false);
    await until(() => heard.length >= 21, 'what was missed');
    await group.sendToAll('after', { contentType: 'text/plain' });
    await until(() => heard.at(-1) === 'after', 'the message after the recovery');
    expect(heard).toEqual(['before', ...missed, 'after']);
    expect(connected, 'a recovery is not a new connection').not.toHaveBeenCalled();
    expect(disconnected).not.toHaveBeenCalled();
  },
);

it('keeps the ack ids of a connection through a recovery', async () => {
  const service = await startService(resources);
  const proxy = await startTcpProxy(resources, service.port);
  const { client, connectionId } = await connect(resources, behind(service, proxy.url), {
    roles: ['webpubsub.joinLeaveGroup'],
    client: reliable,
  });
  await client.joinGroup('room', { ackId: 41 });
  proxy.cut();
  const joined = await until(
    // As long as the client has not come back it can send nothing.
    () => client.joinGroup('room', { ackId: 41 }).catch(() => undefined),
    'the client to come back',
  );
  expect(joined).toMatchObject({ isDuplicated: true });
  expect(await serviceClient(service, 'chat').connectionExists(connectionId)).toBe(true);
});

it('answers an event on the new socket when the old one was cut while the handler worked', async () => {
  const working = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const handler = await Webhook.start(resources);
  handler.answer = (_request, response) => {
    working.resolve();
    void finish.promise.then(() => {
      response.setHeader('Content-Type', 'text/plain');
      response.end('late answer');
    });
  };
  const service = await startService(resources, {
    hubs: { chat: [{ urlTemplate: handler.url, eventPattern: '*' }] },
  });
  const proxy = await startTcpProxy(resources, service.port);
  const { client } = await connect(resources, behind(service, proxy.url), { client: reliable });
  const heard: unknown[] = [];
  client.on('server-message', ({ message }) => heard.push(message.data));
  const sent = client.sendEvent('slow', 'x', 'text');
  const failed = expect(sent, 'the client gives up on the ack of a connection that was cut').rejects.toThrow(
    'disconnected',
  );
  await working.promise;
  proxy.cut();
  await failed;
  finish.resolve();
  await until(() => heard.length > 0, 'the answer on the new socket');
  expect(heard).toEqual(['late answer']);
});

it('tells a client that cannot be recovered to start anew, and forgets the session', async () => {
  const service = await startService(resources, { limits: { recoveryWindowMs: 50 } });
  const proxy = await startTcpProxy(resources, service.port);
  const { client, connectionId } = await connect(resources, behind(service, proxy.url), {
    groups: ['room'],
    client: { ...reliable, autoReconnect: true, reconnectRetryOptions: { retryDelayInMs: 50 } },
  });
  const admin = serviceClient(service, 'chat');
  const gone = new Promise<string>((resolve) =>
    client.on('disconnected', (event) => resolve(event.connectionId ?? '')),
  );
  const again = new Promise<string>((resolve) =>
    client.on('connected', (event) => resolve(event.connectionId)),
  );
  proxy.refuse(true);
  proxy.cut();
  await until(async () => !(await admin.connectionExists(connectionId)), 'the session to expire');
  expect(await admin.groupExists('room'), 'an expired session is in no group').toBe(false);
  proxy.refuse(false);
  expect(await gone).toBe(connectionId);
  expect(await again).not.toBe(connectionId);
});

it('ends the session at once when the client says goodbye', async () => {
  const service = await startService(resources);
  const { client, connectionId } = await connect(resources, service, { client: reliable });
  client.stop();
  const admin = serviceClient(service, 'chat');
  await until(async () => !(await admin.connectionExists(connectionId)), 'the end of the session');
});

it('lets a client that is closed over REST start anew, as the service does', async () => {
  const service = await startService(resources);
  const { client, connectionId } = await connect(resources, service, {
    client: { ...reliable, autoReconnect: true },
  });
  const why = new Promise<string | undefined>((resolve) => {
    client.on('disconnected', (event) => resolve(event.message?.message));
  });
  const again = new Promise<string>((resolve) =>
    client.on('connected', (event) => resolve(event.connectionId)),
  );
  await serviceClient(service, 'chat').closeConnection(connectionId, { reason: 'enough' });
  expect(await why).toBe('Application server closed the connection. Reason: enough');
  expect(await again).not.toBe(connectionId);
});
