import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { groupPublisher } from '../../../shared/web-pubsub/group-publisher.ts';
import { HUB } from '../../../shared/wire/names.ts';
import { connect, Resources, startService } from '../../local/emulators/web-pubsub/service.ts';
import { protobufProtocol } from '../../support/sdk-protobuf-protocol.ts';
import { until } from '../../support/until.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

it('publishes bytes and JSON to a group, in the order in which each is awaited', async () => {
  const service = await startService(resources);
  const { client } = await connect(resources, service, {
    hub: HUB,
    groups: ['call.1.down.echo'],
    client: { protocol: protobufProtocol('reliable') },
  });
  const heard: unknown[] = [];
  client.on('group-message', ({ message }) => heard.push(message.data));
  const publish = groupPublisher({ connectionString: service.connectionString, isLoopback: true });
  await publish('call.1.down.echo', Uint8Array.of(9, 1, 2, 9).subarray(1, 3));
  await publish('call.1.down.echo', { actions: [{ type: 'stop' }] });
  await publish('call.2.down.echo', Uint8Array.of(7));
  await publish('call.1.down.echo', Uint8Array.of(3));
  await until(() => heard.length >= 3, 'three messages of the group');
  expect(heard).toHaveLength(3);
  expect([...(heard[0] as Uint8Array)]).toEqual([1, 2]);
  expect(JSON.parse(String(heard[1]))).toEqual({ actions: [{ type: 'stop' }] });
  expect([...(heard[2] as Uint8Array)]).toEqual([3]);
});

it('does not send a key over plain http to another machine', async () => {
  const service = await startService(resources);
  const publish = groupPublisher({ connectionString: service.connectionString, isLoopback: false });
  await expect(publish('g', Uint8Array.of(1))).rejects.toThrow();
});

it('gives up a service that takes the message and does not answer', async () => {
  const server = createServer(() => {});
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const connectionString = `Endpoint=http://127.0.0.1:${port};AccessKey=${'k'.repeat(32)};Version=1.0;`;
  const publish = groupPublisher({ connectionString, isLoopback: true, limitMs: 50 });
  await expect(publish('g', Uint8Array.of(1))).rejects.toThrow(/abort/i);
});
