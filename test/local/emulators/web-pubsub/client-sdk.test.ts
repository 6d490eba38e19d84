import type { GroupDataMessage, SendMessageError, WebPubSubClient } from '@azure/web-pubsub-client';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../support/until.ts';
import { JSON_PROTOCOLS } from './sdk-protocols.ts';
import { arrayBufferOf, connect, Resources, startService } from './service.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

function groupMessages(client: WebPubSubClient): GroupDataMessage[] {
  const messages: GroupDataMessage[] = [];
  client.on('group-message', ({ message }) => messages.push(message));
  return messages;
}

async function errorOf(attempt: Promise<unknown>): Promise<{ name: string; message: string } | undefined> {
  const failure = await attempt.then(
    () => undefined,
    (error: SendMessageError) => error,
  );
  return failure?.errorDetail;
}

const ROLES = ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'];

describe.each(JSON_PROTOCOLS)("Microsoft's client over %s", (_name, protocol) => {
  it('exchanges text, JSON and binary with the other members of a group', async () => {
    const service = await startService(resources);
    const options = { roles: ROLES, client: { protocol: protocol() } };
    const { client: ana } = await connect(resources, service, { ...options, userId: 'ana' });
    const { client: ben } = await connect(resources, service, { ...options, userId: 'ben' });
    const heard = groupMessages(ben);
    const echoes = groupMessages(ana);
    await ana.joinGroup('room');
    await ben.joinGroup('room');
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    await ana.sendToGroup('room', 'häi', 'text');
    await ana.sendToGroup('room', { a: [1, null] }, 'json', { noEcho: true });
    await ana.sendToGroup('room', arrayBufferOf(bytes), 'binary', { noEcho: true });
    await until(() => heard.length === 3, 'all messages');
    expect(heard.map(({ dataType }) => dataType)).toEqual(['text', 'json', 'binary']);
    expect(heard[0]).toMatchObject({ group: 'room', fromUserId: 'ana', data: 'häi' });
    expect(heard[1]?.data).toEqual({ a: [1, null] });
    expect(Buffer.from(heard[2]?.data as ArrayBuffer)).toEqual(Buffer.from(bytes));
    expect(
      echoes.map(({ data }) => data),
      'noEcho spares the sender only where it is asked for',
    ).toEqual(['häi']);
  });

  it('stops hearing a group that it left', async () => {
    const service = await startService(resources);
    const { client } = await connect(resources, service, { roles: ROLES, client: { protocol: protocol() } });
    const heard = groupMessages(client);
    await client.joinGroup('room');
    await client.sendToGroup('room', 'in', 'text');
    await client.leaveGroup('room');
    await client.sendToGroup('room', 'out', 'text');
    expect(heard.map(({ data }) => data)).toEqual(['in']);
  });

  it('may do with groups exactly what its roles say', async () => {
    const service = await startService(resources);
    const { client } = await connect(resources, service, {
      roles: ['webpubsub.joinLeaveGroup.a', 'webpubsub.sendToGroups.call.*.down'],
      client: { protocol: protocol() },
    });
    await client.joinGroup('a');
    await client.sendToGroup('call.7.down', '', 'text');
    expect(await errorOf(client.joinGroup('b'))).toMatchObject({ name: 'Forbidden' });
    expect(await errorOf(client.leaveGroup('b'))).toMatchObject({ name: 'Forbidden' });
    expect(await errorOf(client.sendToGroup('a', 'x', 'text'))).toMatchObject({ name: 'Forbidden' });
    expect(await errorOf(client.sendToGroup('call.7.8.down', 'x', 'text'))).toMatchObject({
      name: 'Forbidden',
    });
  });

  it('hears the groups of its token without having joined them', async () => {
    const service = await startService(resources);
    const { client: listener } = await connect(resources, service, {
      groups: ['room'],
      client: { protocol: protocol() },
    });
    const heard = groupMessages(listener);
    const { client: sender } = await connect(resources, service, { roles: ['webpubsub.sendToGroup.room'] });
    await sender.sendToGroup('room', 'hi', 'text');
    await until(() => heard.length === 1, 'the message to its group');
    expect(heard[0]?.fromUserId, 'a sender without a user id has none in the message').toBeUndefined();
  });

  it('is told that an ack id was used before, and may repeat one that failed', async () => {
    const service = await startService(resources);
    const { client } = await connect(resources, service, {
      roles: ['webpubsub.joinLeaveGroup.a'],
      client: { protocol: protocol() },
    });
    expect(await client.joinGroup('a', { ackId: 5 })).toMatchObject({ isDuplicated: false });
    expect(await client.joinGroup('a', { ackId: 5 })).toMatchObject({ ackId: 5, isDuplicated: true });
    expect(await errorOf(client.joinGroup('b', { ackId: 6 }))).toMatchObject({ name: 'Forbidden' });
    expect(await client.joinGroup('a', { ackId: 6 }), 'a failed ack id is free again').toMatchObject({
      isDuplicated: false,
    });
  });

  it('gets an InternalServerError for an event that no handler takes, and stays connected', async () => {
    const service = await startService(resources);
    const { client } = await connect(resources, service, { roles: ROLES, client: { protocol: protocol() } });
    expect(await errorOf(client.sendEvent('lost', 'x', 'text'))).toMatchObject({
      name: 'InternalServerError',
    });
    await client.joinGroup('still-here');
  });

  it('loses its connection for a failed event when the service is set to the documented behaviour', async () => {
    const service = await startService(resources, { onUserEventFailure: 'closeConnection' });
    const { client } = await connect(resources, service, { client: { protocol: protocol() } });
    const stopped = new Promise<void>((resolve) => client.on('stopped', () => resolve()));
    await expect(client.sendEvent('lost', 'x', 'text')).rejects.toThrow();
    await stopped;
  });
});
