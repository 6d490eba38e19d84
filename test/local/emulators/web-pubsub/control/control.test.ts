import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RunningWebPubSub } from '../../../../../local/emulators/web-pubsub/service/server.ts';
import { protobufProtocol } from '../../../../support/sdk-protobuf-protocol.ts';
import { until } from '../../../../support/until.ts';
import { control, CONTROL_TOKEN as TOKEN } from '../control-client.ts';
import { connect, Resources, serviceClient, startService } from '../service.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

const NOTHING = { all: false, patterns: [], granted: [], revoked: [] };
/** A reliable client, what it hears, and whether it had to begin anew. */
async function client(service: RunningWebPubSub, userId: string) {
  const { client, connectionId } = await connect(resources, service, {
    userId,
    groups: ['room'],
    client: { protocol: protobufProtocol('reliable') },
  });
  const heard: unknown[] = [];
  const stopped = vi.fn();
  client.on('group-message', ({ message }) => heard.push(message.data));
  client.on('stopped', stopped);
  return { connectionId, heard, stopped };
}

const text = { contentType: 'text/plain' } as const;

describe('the control surface', () => {
  it('does not exist without a token, nor for another one', async () => {
    const off = await startService(resources);
    expect((await control(off, 'POST', 'drop')).status).toBe(404);
    expect((await control(off, 'POST', 'drop', { token: '' })).status).toBe(404);
    const on = await startService(resources, { controlToken: TOKEN });
    expect((await control(on, 'POST', 'drop', { token: 'another' })).status).toBe(404);
    expect((await control(on, 'POST', 'anything')).status).toBe(404);
  });

  it('refuses a selection that it cannot read', async () => {
    const service = await startService(resources, { controlToken: TOKEN });
    for (const body of [[], { user: 'a' }, { userId: 1 }, { userId: 'a', group: 'g' }]) {
      expect((await control(service, 'POST', 'drop', { body })).status, JSON.stringify(body)).toBe(400);
    }
  });

  it('cuts the connections it is told to, which recover and miss nothing, and leaves the others alone', async () => {
    const service = await startService(resources, { controlToken: TOKEN });
    const ana = await client(service, 'ana');
    const ben = await client(service, 'ben');
    const cut = await control(service, 'POST', 'drop', { body: { hub: 'Chat', userId: 'ana' } });
    expect(cut).toEqual({ status: 200, body: { connections: 1 } });
    const group = serviceClient(service, 'chat').group('room');
    await group.sendToAll('missed', text);
    await until(() => ana.heard.length > 0 && ben.heard.length > 0, 'both to hear the message');
    expect(ben.heard).toEqual(['missed']);
    expect(ana.heard).toEqual(['missed']);
    expect(ana.stopped).not.toHaveBeenCalled();
    const { body } = await control(service, 'GET', 'connections');
    expect(body).toContainEqual({
      hub: 'chat',
      connectionId: ana.connectionId,
      userId: 'ana',
      subprotocol: 'protobuf.reliable.webpubsub.azure.v1',
      groups: ['room'],
      permissions: { joinLeaveGroup: NOTHING, sendToGroup: NOTHING },
      state: 'attached',
    });
  });

  it('forgets the sessions of clients when the service is renewed beneath them', async () => {
    const service = await startService(resources, { controlToken: TOKEN });
    const ana = await client(service, 'ana');
    const ben = await client(service, 'ben');
    expect(await control(service, 'POST', 'service-reload', { body: { userId: 'ana' } })).toEqual({
      status: 200,
      body: { connections: 1 },
    });
    await until(() => ana.stopped.mock.calls.length > 0, 'the client to give up its connection');
    expect(ben.stopped).not.toHaveBeenCalled();
    expect(await serviceClient(service, 'chat').userExists('ana')).toBe(false);
  });

  it('tells of connections and groups, of all or of those that are asked for', async () => {
    const service = await startService(resources, { controlToken: TOKEN });
    const { connectionId: ana } = await connect(resources, service, {
      userId: 'ana',
      groups: ['room', 'hall'],
      roles: ['webpubsub.sendToGroup.room', 'webpubsub.joinLeaveGroups.call.*'],
    });
    const { connectionId: ben } = await connect(resources, service, {
      hub: 'other',
      userId: 'ben',
      groups: ['room'],
    });
    expect(await control(service, 'GET', 'groups')).toEqual({
      status: 200,
      body: [
        { hub: 'chat', group: 'room', connections: [ana] },
        { hub: 'chat', group: 'hall', connections: [ana] },
        { hub: 'other', group: 'room', connections: [ben] },
      ],
    });
    const { body } = await control(service, 'GET', 'connections?hub=Chat&group=room');
    expect(body).toMatchObject([
      {
        connectionId: ana,
        permissions: {
          joinLeaveGroup: { all: false, patterns: ['call.*'], granted: [] },
          sendToGroup: { all: false, patterns: [], granted: ['room'] },
        },
      },
    ]);
    expect((await control(service, 'GET', 'connections?userId=ben')).body).toMatchObject([
      { connectionId: ben },
    ]);
    expect((await control(service, 'GET', 'connections?user=ben')).status).toBe(400);
  });
});
