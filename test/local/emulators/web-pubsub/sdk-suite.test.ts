import type { WebPubSubServiceClient } from '@azure/web-pubsub';
import {
  type SendMessageError,
  type WebPubSubClient,
  WebPubSubJsonProtocol,
  WebPubSubJsonReliableProtocol,
} from '@azure/web-pubsub-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { RunningWebPubSub } from '../../../../local/emulators/web-pubsub/service/server.ts';
import { protobufProtocol } from '../../../support/sdk-protobuf-protocol.ts';
import { until } from '../../../support/until.ts';
import { CONTROL_TOKEN, control } from './control-client.ts';
import { JSON_PROTOCOLS, PROTOBUF_PROTOCOLS } from './sdk-protocols.ts';
import {
  arrayBufferOf,
  connect,
  Resources,
  serviceClient,
  startExpressHandler,
  startService,
} from './service.ts';
import { trustedCertificate } from './trust.ts';

/** Whatever a client hears, in one list: two lists could not tell what came first. */
function hearing(client: WebPubSubClient): string[] {
  const heard: string[] = [];
  const shown = (data: unknown): string =>
    data instanceof ArrayBuffer || ArrayBuffer.isView(data)
      ? `0x${Buffer.from(data as Uint8Array).toString('hex')}`
      : typeof data === 'string'
        ? data
        : JSON.stringify(data);
  client.on('group-message', ({ message }) => heard.push(`${message.group}: ${shown(message.data)}`));
  client.on('server-message', ({ message }) => heard.push(`server: ${shown(message.data)}`));
  client.on('connected', () => heard.push('connected'));
  client.on('disconnected', ({ message }) => heard.push(`disconnected: ${message?.message ?? ''}`));
  client.on('stopped', () => heard.push('stopped'));
  return heard;
}

async function failureOf(attempt: Promise<unknown>): Promise<string | undefined> {
  return attempt.then(
    () => undefined,
    (error: SendMessageError) => error.errorDetail?.name ?? String(error),
  );
}

const text = { contentType: 'text/plain' } as const;

describe.each(['http', 'https'])("Microsoft's clients over %s", (scheme) => {
  const ofTheSuite = new Resources();
  const resources = new Resources();
  let service: RunningWebPubSub;
  let admin: WebPubSubServiceClient;
  const handled: string[] = [];

  beforeAll(async () => {
    const handlerUrl = await startExpressHandler(ofTheSuite, 'chat', {
      handleConnect(request, response) {
        if (request.queries?.['refuse'] !== undefined) {
          response.fail(401, 'not you');
          return;
        }
        response.setState('turn', 0);
        response.success(
          request.queries?.['rename'] === undefined ? {} : { userId: 'renamed', groups: ['given'] },
        );
      },
      handleUserEvent(request, response) {
        const turn = Number(request.context.states['turn']) + 1;
        response.setState('turn', turn);
        if (request.context.eventName === 'fail') response.fail(400, 'no');
        else if (request.context.eventName === 'quiet') response.success();
        else if (request.dataType === 'binary') response.success(request.data, 'binary');
        else response.success(`${turn} ${request.context.userId} ${request.data}`, 'text');
      },
      onConnected: ({ context }) => handled.push(`connected ${context.userId}`),
      onDisconnected: ({ context }) => handled.push(`disconnected ${context.userId}`),
    });
    service = await startService(ofTheSuite, {
      controlToken: CONTROL_TOKEN,
      ...(scheme === 'https' ? { tls: await trustedCertificate() } : {}),
      limits: { handlerRetryDelaysMs: [] },
      hubs: {
        chat: [
          {
            urlTemplate: handlerUrl,
            eventPattern: '*',
            systemEvents: ['connect', 'connected', 'disconnected'],
          },
        ],
      },
    });
    admin = serviceClient(service, 'chat');
  });
  afterAll(() => ofTheSuite.dispose());
  afterEach(() => resources.dispose());

  it.each([...JSON_PROTOCOLS, ...PROTOBUF_PROTOCOLS])(
    'speak %s: groups, events, acks and the messages of the server, in one order',
    async (name, protocol) => {
      const options = { roles: ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup.room'], userId: 'ana' };
      const { client, connectionId } = await connect(resources, service, {
        ...options,
        client: { protocol: protocol() },
      });
      const heard = hearing(client);
      await client.joinGroup('room');
      await client.sendToGroup('room', 'tëxt', 'text');
      await client.sendToGroup('room', arrayBufferOf(Uint8Array.of(0, 255)), 'binary');
      await client.sendToGroup('room', 'not for me', 'text', { noEcho: true });
      expect(await failureOf(client.sendToGroup('hall', 'x', 'text'))).toBe('Forbidden');
      expect(await client.joinGroup('room', { ackId: 77 })).toMatchObject({ isDuplicated: false });
      expect(await client.joinGroup('room', { ackId: 77 })).toMatchObject({ isDuplicated: true });
      await client.sendEvent('say', 'hello', 'text');
      await client.sendEvent('say', arrayBufferOf(Uint8Array.of(7)), 'binary');
      await client.sendEvent('quiet', 'x', 'text');
      expect(await failureOf(client.sendEvent('fail', 'x', 'text'))).toBe('InternalServerError');
      await client.leaveGroup('room');
      await admin.group('room').sendToAll('missed', text);
      await admin.sendToConnection(connectionId, { to: 'one' });
      await admin.sendToUser('ana', arrayBufferOf(Uint8Array.of(1)));
      await until(() => heard.at(-1) === 'server: 0x01', 'the last message');
      // In protobuf the product takes JSON for text.
      const json = '{"to":"one"}';
      expect(heard, name).toEqual([
        'room: tëxt',
        'room: 0x00ff',
        'server: 1 ana hello',
        'server: 0x07',
        `server: ${json}`,
        'server: 0x01',
      ]);
      client.stop();
      await until(() => heard.at(-1) === 'stopped', 'the end of the client');
    },
  );

  it('give users, groups and connections the way they are told', async () => {
    const options = { client: { protocol: WebPubSubJsonProtocol() } };
    const ana = await connect(resources, service, { ...options, userId: 'u1', groups: ['g'] });
    const ben = await connect(resources, service, { ...options, userId: 'u2', groups: ['g'] });
    const [anaHeard, benHeard] = [hearing(ana.client), hearing(ben.client)];
    const group = admin.group('g');
    await admin.sendToAll('all', text);
    await group.sendToAll('not ana', { ...text, excludedConnections: [ana.connectionId] });
    await admin.sendToAll('by filter', { ...text, filter: "userId eq 'u2'" });
    await group.removeConnection(ben.connectionId);
    await group.sendToAll('ana alone', text);
    await group.addUser('u2');
    await group.sendToAll('both', text);
    const members: string[] = [];
    for await (const { connectionId } of await group.listConnections()) members.push(connectionId);
    expect(members.sort()).toEqual([ana.connectionId, ben.connectionId].sort());
    expect(
      await Promise.all([
        admin.connectionExists(ana.connectionId),
        admin.userExists('nobody'),
        admin.groupExists('g'),
        admin.groupExists('h'),
      ]),
    ).toEqual([true, false, true, false]);
    expect(await failureOf(ana.client.sendToGroup('g', 'x', 'text'))).toBe('Forbidden');
    await admin.grantPermission(ana.connectionId, 'sendToGroup', { targetName: 'g' });
    expect(await admin.hasPermission(ana.connectionId, 'sendToGroup', { targetName: 'g' })).toBe(true);
    await ana.client.sendToGroup('g', 'granted', 'text');
    await admin.revokePermission(ana.connectionId, 'sendToGroup', { targetName: 'g' });
    expect(await failureOf(ana.client.sendToGroup('g', 'x', 'text'))).toBe('Forbidden');
    await admin.closeConnection(ben.connectionId, { reason: 'enough' });
    await group.closeAllConnections({ reason: 'over' });
    await until(() => anaHeard.at(-1) === 'stopped' && benHeard.at(-1) === 'stopped', 'the end of both');
    const ending = (reason: string): string[] => [
      `disconnected: Application server closed the connection. Reason: ${reason}`,
      'stopped',
    ];
    expect(anaHeard).toEqual(['server: all', 'g: ana alone', 'g: both', 'g: granted', ...ending('over')]);
    expect(benHeard).toEqual([
      'server: all',
      'g: not ana',
      'server: by filter',
      'g: both',
      'g: granted',
      ...ending('enough'),
    ]);
  });

  it('let the express middleware name, place, refuse and follow clients', async () => {
    const { url } = await admin.getClientAccessToken({ userId: 'guest' });
    const refused = new WebSocket(`${url}&refuse=1`, 'json.webpubsub.azure.v1');
    const status = await new Promise<string>((resolve) =>
      refused.once('error', (error) => resolve(error.message)),
    );
    expect(status).toContain('401');
    const welcome = new WebSocket(`${url}&rename=1`, 'json.webpubsub.azure.v1');
    resources.add(welcome, (each) => each.terminate());
    const first = await new Promise<string>((resolve) =>
      welcome.once('message', (data: Buffer) => resolve(data.toString())),
    );
    expect(JSON.parse(first)).toMatchObject({ event: 'connected', userId: 'renamed' });
    expect(await admin.groupExists('given')).toBe(true);
    welcome.close(1_000);
    const ofTheGuest = (): string[] => handled.filter((each) => each.endsWith(' renamed')).sort();
    await until(() => ofTheGuest().length === 2, 'both notifications');
    expect(ofTheGuest()).toEqual(['connected renamed', 'disconnected renamed']);
  });

  it('recover over both reliable subprotocols: what was missed comes once, in order, and before what is new', async () => {
    const group = admin.group('recovering');
    const heards = await Promise.all(
      [WebPubSubJsonReliableProtocol(), protobufProtocol('reliable')].map(async (protocol) => {
        const { client } = await connect(resources, service, {
          groups: ['recovering'],
          client: { protocol },
        });
        return hearing(client);
      }),
    );
    await group.sendToAll('0', text);
    await until(() => heards.every(({ length }) => length === 1), 'the message before the cut');
    await control(service, 'POST', 'drop', { body: { group: 'recovering' } });
    for (let i = 1; i <= 20; i += 1) await group.sendToAll(String(i), text);
    await until(() => heards.every(({ length }) => length >= 21), 'what was missed');
    await group.sendToAll('21', text);
    await until(() => heards.every(({ length }) => length >= 22), 'what is new');
    // A client that had to begin anew would have heard `disconnected` and `connected` in between.
    for (const heard of heards) {
      expect(heard).toEqual(Array.from({ length: 22 }, (_, i) => `recovering: ${i}`));
    }
  });

  it('begin anew when the service is renewed, in their groups again', async () => {
    const { client } = await connect(resources, service, {
      roles: ['webpubsub.joinLeaveGroup'],
      client: { autoReconnect: true, reconnectRetryOptions: { retryDelayInMs: 10 } },
    });
    const heard = hearing(client);
    await client.joinGroup('again');
    await control(service, 'POST', 'service-reload');
    await until(() => heard.includes('connected'), 'the new connection');
    await until(() => admin.groupExists('again'), 'the group that was joined before');
    await admin.group('again').sendToAll('hi', text);
    await until(() => heard.at(-1) === 'again: hi', 'a message of that group');
    expect(heard).toEqual(['disconnected: ', 'connected', 'again: hi']);
  });
});
