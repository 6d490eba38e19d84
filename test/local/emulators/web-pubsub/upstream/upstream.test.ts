import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../../support/until.ts';
import { clientToken, clientUrl, RawClient } from '../raw-client.ts';
import { connect, Resources, serviceClient, startService } from '../service.ts';
import { errorOf, everything, startWithWebhook, Webhook } from '../webhook.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

describe('an event request', () => {
  it('has the CloudEvents headers, a signature for each key, and the state that earlier answers left', async () => {
    const { webhook, service } = await startWithWebhook(
      resources,
      (url) => ({ ...everything(url), systemEvents: ['connect', 'connected'] }),
      { secondaryAccessKey: 's'.repeat(44) },
    );
    webhook.answer = (request, response) => {
      if (request.headers['ce-eventname'] === 'one') response.setHeader('ce-connectionState', 'c3RhdGU=');
      response.end();
    };
    const { client, connectionId } = await connect(resources, service, { userId: 'ana' });
    await client.sendEvent('one', 'x', 'text');
    await client.sendEvent('two', { a: 1 }, 'json');
    await until(() => webhook.events().length === 4, 'connect, connected and both events');
    const byName = new Map(webhook.events().map((event) => [event.headers['ce-eventname'], event]));
    const signature = (key: string): string =>
      `sha256=${createHmac('sha256', key).update(connectionId).digest('hex')}`;
    expect(byName.get('two')?.url).toBe('/chat/two?code=k');
    expect(byName.get('two')?.body).toBe('{"a":1}');
    expect(byName.get('two')?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-request-origin': '127.0.0.1',
      'ce-specversion': '1.0',
      'ce-awpsversion': '1.0',
      'ce-type': 'azure.webpubsub.user.two',
      'ce-source': `/hubs/chat/client/${connectionId}`,
      'ce-id': '3',
      'ce-time': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      'ce-signature': `${signature(service.accessKey)},${signature('s'.repeat(44))}`,
      'ce-connectionid': connectionId,
      'ce-hub': 'chat',
      'ce-userid': 'ana',
      'ce-subprotocol': 'json.reliable.webpubsub.azure.v1',
      'ce-connectionstate': 'c3RhdGU=',
    });
    expect(byName.get('one')?.headers).toMatchObject({ 'ce-id': '2', 'content-type': 'text/plain' });
    expect(byName.get('one')?.headers).not.toHaveProperty('ce-connectionstate');
    expect(byName.get('connected')).toMatchObject({
      body: '{}',
      headers: { 'ce-type': 'azure.webpubsub.sys.connected' },
    });
    expect(byName.get('connect')?.headers).toMatchObject({
      'ce-id': '0',
      'ce-type': 'azure.webpubsub.sys.connect',
    });
    expect(byName.get('connect')?.headers).not.toHaveProperty('ce-subprotocol');
  });

  it('reuses the connections to the handler', async () => {
    const { webhook, service } = await startWithWebhook(resources, everything);
    const { client } = await connect(resources, service);
    for (let i = 0; i < 20; i += 1) await client.sendEvent('e', 'x', 'text');
    // The first event may find the connection of the abuse protection check still busy.
    expect(new Set(webhook.events().map(({ socket }) => socket)).size).toBeLessThanOrEqual(2);
  });

  it('arrives in the order in which one client sent its events', async () => {
    const { webhook, service } = await startWithWebhook(resources, everything);
    const { client } = await connect(resources, service);
    await Promise.all(Array.from({ length: 30 }, (_, i) => client.sendEvent('e', String(i), 'text')));
    expect(webhook.events().map(({ body }) => body)).toEqual(Array.from({ length: 30 }, (_, i) => String(i)));
  });

  it('goes to the first handler that takes it', async () => {
    const first = await Webhook.start(resources);
    const second = await Webhook.start(resources);
    const service = await startService(resources, {
      hubs: {
        CHAT: [
          { urlTemplate: `${first.url}/{event}`, eventPattern: 'echo, Robot' },
          { urlTemplate: `${second.url}/{EVENT}`, eventPattern: '*' },
        ],
      },
    });
    const { client } = await connect(resources, service);
    await client.sendEvent('robot', 'x', 'text');
    await client.sendEvent('other.one', 'x', 'text');
    expect(first.events().map(({ url }) => url)).toEqual(['/robot']);
    expect(second.events().map(({ url }) => url)).toEqual(['/other.one']);
  });
});

describe('the connect event', () => {
  it('tells who asks, without the token, and takes user, roles, groups and state from the answer', async () => {
    const { webhook, service } = await startWithWebhook(resources, (url) => ({
      ...everything(url),
      systemEvents: ['connect'],
    }));
    webhook.answer = (request, response) => {
      if (request.headers['ce-eventname'] !== 'connect') {
        response.end();
        return;
      }
      response.setHeader('ce-connectionState', 'MQ==');
      response.end(
        JSON.stringify({
          userId: 'renamed',
          roles: [],
          groups: ['room'],
          subprotocol: 'json.webpubsub.azure.v1',
        }),
      );
    };
    const token = await clientToken(service, { sub: 'ana', role: 'webpubsub.sendToGroup', team: ['a', 'b'] });
    const client = await RawClient.open(resources, `${clientUrl(service, token)}&color=red&color=blue`, [
      'json.reliable.webpubsub.azure.v1',
      'json.webpubsub.azure.v1',
    ]);
    expect(client.ws.protocol, 'the handler selects the subprotocol').toBe('json.webpubsub.azure.v1');
    const body = JSON.parse(webhook.events()[0]?.body ?? '') as Record<string, Record<string, unknown>>;
    expect(body['claims']).toMatchObject({ sub: ['ana'], role: ['webpubsub.sendToGroup'], team: ['a', 'b'] });
    expect(body['query']).toEqual({ color: ['red', 'blue'] });
    expect(body['subprotocols']).toEqual(['json.reliable.webpubsub.azure.v1', 'json.webpubsub.azure.v1']);
    expect(body['clientCertificates']).toEqual([]);
    expect(body['headers']).toMatchObject({ Upgrade: ['websocket'] });
    client.send({ type: 'sendToGroup', group: 'room', data: 1, ackId: 1 });
    await until(() => client.frames.length === 2, 'the ack of what it may not do');
    await serviceClient(service, 'chat').group('room').sendToAll('hi', { contentType: 'text/plain' });
    await until(() => client.frames.length === 3, 'the message to its group');
    expect(client.messages()).toMatchObject([
      { event: 'connected', userId: 'renamed' },
      { type: 'ack', success: false, error: { name: 'Forbidden' } },
      { from: 'group', data: 'hi' },
    ]);
    client.send({ type: 'event', event: 'e', data: 1, ackId: 2 });
    await until(() => client.frames.length === 4, 'the ack of the event');
    expect(webhook.events()[1]?.headers).toMatchObject({
      'ce-connectionstate': 'MQ==',
      'ce-userid': 'renamed',
    });
  });

  it.each([
    ['403', 403, '', 'HTTP 403'],
    ['an answer that is not JSON', 200, 'welcome', 'HTTP 500'],
    ['an invalid group', 200, '{"groups":[" "]}', 'HTTP 500'],
    ['roles that are no list', 200, '{"roles":"all"}', 'HTTP 500'],
  ])('refuses the upgrade on %s', async (_what, status, body, refusal) => {
    const { webhook, service } = await startWithWebhook(resources, (url) => ({
      urlTemplate: url,
      systemEvents: ['connect'],
    }));
    webhook.answer = (_request, response) => response.writeHead(status).end(body);
    const token = await clientToken(service);
    await expect(RawClient.open(resources, clientUrl(service, token))).rejects.toThrow(refusal);
  });
});

it('stops at once although a handler is silent', async () => {
  const { webhook, service } = await startWithWebhook(resources, (url) => ({
    ...everything(url),
    systemEvents: ['connected'],
  }));
  webhook.answer = () => {};
  const { client } = await connect(resources, service);
  const sent = client.sendEvent('e', 'x', 'text').catch(() => {});
  await until(() => webhook.events().length === 2, 'both events at the handler');
  client.stop();
  await service.close();
  await sent;
});

describe('events of different connections', () => {
  it('go their own ways: a handler that is slow for one client delays no other', async () => {
    const { webhook, service } = await startWithWebhook(resources, everything);
    const held: (() => void)[] = [];
    webhook.answer = (request, response) => {
      if (request.headers['ce-eventname'] === 'slow') held.push(() => response.end());
      else response.end();
    };
    const slow = await connect(resources, service);
    const quick = await connect(resources, service);
    const order: string[] = [];
    const slowEvent = slow.client.sendEvent('slow', 'x', 'text').then(() => order.push('slow'));
    await until(() => held.length === 1, 'the slow event at the handler');
    const behind = slow.client.sendEvent('behind', 'x', 'text').then(() => order.push('behind'));
    for (let i = 0; i < 20; i += 1) await quick.client.sendEvent('quick', 'x', 'text');
    order.push('quick');
    expect(
      webhook.events().filter(({ headers }) => headers['ce-eventname'] === 'behind'),
      'what the slow client sent next waits for the answer',
    ).toEqual([]);
    for (const answer of held) answer();
    await Promise.all([slowEvent, behind]);
    expect(order).toEqual(['quick', 'slow', 'behind']);
  });

  it('have cookies of their own, from the connect event to the last', async () => {
    const { webhook, service } = await startWithWebhook(resources, (url) => ({
      urlTemplate: url,
      eventPattern: '*',
      systemEvents: ['connect', 'disconnected'],
    }));
    let given = 0;
    webhook.answer = (request, response) => {
      if (request.headers['ce-eventname'] === 'connect') {
        given += 1;
        response.setHeader('Set-Cookie', [`affinity=${given}; HttpOnly`, 'once=1; Max-Age=0']);
      }
      response.end();
    };
    const first = await connect(resources, service);
    const second = await connect(resources, service);
    await second.client.sendEvent('e', 'x', 'text');
    await first.client.sendEvent('e', 'x', 'text');
    first.client.stop();
    await until(() => webhook.events().length === 5, 'the last event of the first client');
    const cookies = webhook.events().map(({ headers }) => [headers['ce-eventname'], headers.cookie]);
    expect(cookies).toEqual([
      ['connect', undefined],
      ['connect', undefined],
      ['e', 'affinity=2'],
      ['e', 'affinity=1'],
      ['disconnected', 'affinity=1'],
    ]);
  });
});

it('fails an event whose user id no HTTP header can hold, in words that say so, and stays', async () => {
  const { webhook, service } = await startWithWebhook(resources, everything);
  const { client } = await connect(resources, service, { userId: 'line\nfeed' });
  expect(await errorOf(client.sendEvent('e', 'x', 'text'))).toContain('characters that HTTP does not allow');
  expect(webhook.events()).toEqual([]);
});

it('tells the handler of the end of a connection, with the reason, and waits for nobody', async () => {
  const { webhook, service } = await startWithWebhook(resources, (url) => ({
    urlTemplate: `${url}/{event}`,
    systemEvents: ['connected', 'disconnected'],
  }));
  webhook.answer = () => {};
  const { connectionId } = await connect(resources, service);
  await serviceClient(service, 'chat').closeConnection(connectionId, { reason: 'enough' });
  await until(() => webhook.events().length === 2, 'both notifications');
  const last = webhook.events().find(({ url }) => url === '/disconnected');
  expect(last?.headers).toMatchObject({
    'ce-type': 'azure.webpubsub.sys.disconnected',
    'content-type': 'application/json; charset=utf-8',
  });
  expect(JSON.parse(last?.body ?? '')).toEqual({
    reason: 'Application server closed the connection. Reason: enough',
  });
});

it('drops and reports notifications when too many wait for a silent handler', async () => {
  const { webhook, service, log } = await startWithWebhook(
    resources,
    (url) => ({ urlTemplate: url, systemEvents: ['connected'] }),
    { limits: { notificationsUnderWay: 2 } },
  );
  webhook.answer = () => {};
  for (let i = 0; i < 4; i += 1) await connect(resources, service);
  await until(() => webhook.events().length === 2, 'the notifications that are not dropped');
  expect(log.map(({ message }) => message)).toEqual(
    Array.from({ length: 2 }, () => 'Too many events wait for event handlers: dropped.'),
  );
});
