import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningWebPubSub } from '../../../../../local/emulators/web-pubsub/service/server.ts';
import { until } from '../../../../support/until.ts';
import { clientToken, clientUrl, RawClient, type TokenClaims } from '../raw-client.ts';
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
let service: RunningWebPubSub;
beforeEach(async () => {
  service = await startService(resources);
});
afterEach(() => resources.dispose());

/** What a simple client received: its frames with the type of each. */
interface Received {
  readonly client: RawClient;
  readonly frames: { readonly binary: boolean; readonly text: string }[];
}

async function openSimple(
  claims: TokenClaims = {},
  query = '',
  subprotocols: readonly string[] = [],
): Promise<Received> {
  const url = `${clientUrl(service, await clientToken(service, claims))}${query}`;
  const client = await RawClient.open(resources, url, subprotocols);
  const frames: Received['frames'] = [];
  client.ws.on('message', (data: Buffer, binary: boolean) => frames.push({ binary, text: data.toString() }));
  return { client, frames };
}

/** The connection id of the one member of a group: a simple client is not told its own. */
async function memberOf(group: string): Promise<string> {
  return await until(async () => {
    for await (const member of await serviceClient(service, 'chat').group(group).listConnections())
      return member.connectionId;
    return undefined;
  }, `a member of group ${group}`);
}

describe('a client without a subprotocol', () => {
  it('receives bare frames: text and JSON as text, bytes as binary, and nothing else', async () => {
    const { client, frames } = await openSimple({ sub: 'ana', 'webpubsub.group': 'g' });
    expect(client.ws.protocol).toBe('');
    await memberOf('g');
    const admin = serviceClient(service, 'chat');
    await admin.sendToAll('Hi there!', { contentType: 'text/plain' });
    await admin.sendToUser('ana', { a: 1 });
    await admin.group('g').sendToAll(arrayBufferOf(Uint8Array.of(65, 66)));
    await until(() => frames.length === 3, 'all frames');
    expect(frames).toEqual([
      { binary: false, text: 'Hi there!' },
      { binary: false, text: '{"a":1}' },
      { binary: true, text: 'AB' },
    ]);
  });

  it('is closed by REST with 1000 and no text, without a message before', async () => {
    const { client, frames } = await openSimple({ 'webpubsub.group': 'g' });
    await serviceClient(service, 'chat').closeConnection(await memberOf('g'), { reason: 'enough' });
    expect(await client.closed).toEqual({ code: 1000, reason: '' });
    expect(frames).toEqual([]);
  });

  it('cannot be recovered', async () => {
    const { client } = await openSimple({ 'webpubsub.group': 'g' });
    const connectionId = await memberOf('g');
    client.ws.terminate();
    const url = `${clientUrl(service, '')}&awps_connection_id=${connectionId}&awps_reconnection_token=x`;
    const again = await RawClient.open(resources, url, []);
    expect((await again.closed).code).toBe(1008);
  });
});

describe('a simple client that sends events', () => {
  it.each(['', '&webpubsub_mode=sendEvent', '&webpubsub_mode=SENDEVENT', '&webpubsub_mode='])(
    'sends each frame as the event message and hears the reply as a frame (query %o)',
    async (query) => {
      const heard: unknown[] = [];
      const urlTemplate = await startExpressHandler(resources, 'chat', {
        handleUserEvent(request, response) {
          const { dataType, data, context } = request;
          heard.push({ dataType, data: dataType === 'binary' ? [...new Uint8Array(data)] : data });
          response.success(`${context.eventName} ${heard.length}`, 'text');
        },
      });
      service = await startService(resources, { hubs: { chat: [{ urlTemplate, eventPattern: '*' }] } });
      const { client, frames } = await openSimple({}, query);
      client.ws.send('hello');
      client.ws.send(Buffer.from([0, 255]));
      await until(() => frames.length === 2, 'both replies');
      expect(heard).toEqual([
        { dataType: 'text', data: 'hello' },
        { dataType: 'binary', data: [0, 255] },
      ]);
      expect(frames.map(({ text }) => text)).toEqual(['message 1', 'message 2']);
    },
  );

  it('is closed with 1011 when nothing handles its event', async () => {
    const { client } = await openSimple();
    client.ws.send('hello');
    expect(await client.closed).toMatchObject({
      code: 1011,
      reason: expect.stringContaining('No event handler'),
    });
  });

  it('is closed with 1011 when the handler refuses its event', async () => {
    const handler = await Webhook.start(resources);
    handler.answer = (_request, response) => response.writeHead(400).end();
    const hubs = { chat: [{ urlTemplate: handler.url, eventPattern: '*' }] };
    service = await startService(resources, { hubs });
    const { client } = await openSimple();
    client.ws.send('hello');
    expect((await client.closed).code).toBe(1011);
  });
});

describe('a simple client that publishes to a group', () => {
  const PUBLISH = '&webpubsub_mode=sendToGroup&group=g%201';

  it('publishes each frame as it is, to the members of the group, of which it need not be one', async () => {
    const simple = await openSimple({ 'webpubsub.group': 'g 1' });
    const ana = await connect(resources, service, { groups: ['g 1'] });
    const heard: unknown[] = [];
    ana.client.on('group-message', ({ message }) => heard.push(message));
    const { client, frames } = await openSimple({ sub: 'ben', role: 'webpubsub.sendToGroup.g 1' }, PUBLISH);
    client.ws.send('{"type":"ping"}');
    client.ws.send(Buffer.from('bytes'));
    await until(() => simple.frames.length === 2, 'both frames');
    expect(simple.frames).toEqual([
      { binary: false, text: '{"type":"ping"}' },
      { binary: true, text: 'bytes' },
    ]);
    await until(() => heard.length === 2, 'both messages');
    expect(heard[0]).toMatchObject({
      group: 'g 1',
      fromUserId: 'ben',
      dataType: 'text',
      data: '{"type":"ping"}',
    });
    expect(frames, 'it has not joined').toEqual([]);
  });

  it.each([
    ['', 2],
    ['&noEcho=true', 1],
    ['&noEcho=true&noEcho=FALSE', 2],
  ])(
    'hears its own frames unless noEcho says otherwise; the last value counts (%s)',
    async (query, heard) => {
      const claims = { role: 'webpubsub.sendToGroup', 'webpubsub.group': 'g 1' };
      const { client, frames } = await openSimple(claims, `${PUBLISH}${query}`);
      await memberOf('g 1');
      client.ws.send('own');
      const other = await openSimple(claims, PUBLISH);
      other.client.ws.send('of another');
      await until(() => frames.at(-1)?.text === 'of another', 'the frame of another');
      expect(frames).toHaveLength(heard);
    },
  );

  it('is closed with 1008 at its first frame without the role, and can be given it before', async () => {
    const denied = await openSimple({ role: 'webpubsub.sendToGroup.other' }, PUBLISH);
    denied.client.ws.send('x');
    expect((await denied.client.closed).code).toBe(1008);
    const granted = await openSimple({ 'webpubsub.group': 'g 1' }, PUBLISH);
    const admin = serviceClient(service, 'chat');
    await admin.grantPermission(await memberOf('g 1'), 'sendToGroup', { targetName: 'g 1' });
    granted.client.ws.send('x');
    await until(() => granted.frames.length > 0, 'the frame that it may publish');
    expect(granted.frames).toEqual([{ binary: false, text: 'x' }]);
  });

  it.each([
    '&webpubsub_mode=dance',
    '&webpubsub_mode=sendToGroup',
    '&webpubsub_mode=sendToGroup&group=',
    '&webpubsub_mode=sendToGroup&group=%20',
    '&webpubsub_mode=sendToGroup&group=g&noEcho=perhaps',
  ])('is refused with 400 before the upgrade for %s', async (query) => {
    await expect(openSimple({}, query)).rejects.toThrow('HTTP 400');
  });
});

describe('a subprotocol of the application’s own', () => {
  it('is echoed when the connect handler selects it, and its client is a simple one', async () => {
    let offered: readonly string[] | undefined;
    const events: string[] = [];
    const urlTemplate = await startExpressHandler(resources, 'chat', {
      handleConnect(request, response) {
        offered = request.subprotocols;
        response.success({ subprotocol: 'chess.v2' });
      },
      handleUserEvent(request, response) {
        events.push(`${request.context.eventName} ${request.data}`);
        response.success();
      },
    });
    const hubs = { chat: [{ urlTemplate, eventPattern: '*', systemEvents: ['connect'] as const }] };
    service = await startService(resources, { hubs });
    const { client } = await openSimple({}, '', ['chess.v1', 'chess.v2']);
    expect(client.ws.protocol).toBe('chess.v2');
    expect(offered).toEqual(['chess.v1', 'chess.v2']);
    client.ws.send('e2e4');
    await until(() => events.length > 0, 'the event');
    expect(events).toEqual(['message e2e4']);
  });

  it('is not echoed when nobody selects it, so that its client gives up', async () => {
    await expect(openSimple({}, '', ['chess.v1'])).rejects.toThrow(/no subprotocol/);
  });

  it('gives way to one of the service that is offered as well', async () => {
    const { client } = await openSimple({}, '', ['chess.v1', 'json.webpubsub.azure.v1']);
    expect(client.ws.protocol).toBe('json.webpubsub.azure.v1');
  });
});
