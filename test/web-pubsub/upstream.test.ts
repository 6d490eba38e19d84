import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { SendMessageError, WebPubSubClient } from '@azure/web-pubsub-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LogEntry } from '../../local/web-pubsub/log.ts';
import type { RunningWebPubSub, WebPubSubOptions } from '../../local/web-pubsub/server.ts';
import type { EventHandler } from '../../local/web-pubsub/upstream/event-handlers.ts';
import { clientToken, clientUrl, RawClient } from './raw-client.ts';
import { connect, Resources, serviceClient, startHttp, startService } from './service.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly socket: unknown;
}

/** A webhook that remembers its requests, allows every origin, and answers as told. */
class Webhook {
  readonly requests: Received[] = [];
  url = '';
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) =>
    response.end();
  allow: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => {
    response.setHeader('WebHook-Allowed-Origin', '*');
    response.end();
  };

  static async start(): Promise<Webhook> {
    const webhook = new Webhook();
    webhook.url = await startHttp(resources, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers, socket } = request;
        webhook.requests.push({ method, url, headers, body: Buffer.concat(chunks).toString(), socket });
        if (method === 'POST') webhook.answer(request, response);
        else webhook.allow(request, response);
      });
    });
    return webhook;
  }

  events(): Received[] {
    return this.requests.filter(({ method }) => method === 'POST');
  }
}

async function setUp(
  handler: (url: string) => EventHandler,
  options: WebPubSubOptions = {},
): Promise<{ webhook: Webhook; service: RunningWebPubSub; log: LogEntry[] }> {
  const webhook = await Webhook.start();
  const log: LogEntry[] = [];
  const service = await startService(resources, {
    hubs: { chat: [handler(webhook.url)] },
    log: (entry) => log.push(entry),
    ...options,
    limits: { handlerRetryDelaysMs: [1, 1, 1], ...options.limits },
  });
  return { webhook, service, log };
}

const everything = (url: string): EventHandler => ({
  urlTemplate: `${url}/{hub}/{event}?code=k`,
  eventPattern: '*',
});

async function errorOf(attempt: Promise<unknown>): Promise<string | undefined> {
  return await attempt.then(
    () => undefined,
    (error: SendMessageError) => `${error.errorDetail?.name}: ${error.errorDetail?.message}`,
  );
}

describe('an event request', () => {
  it('has the CloudEvents headers, a signature for each key, and the state that earlier answers left', async () => {
    const { webhook, service } = await setUp(
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
    await vi.waitFor(() => expect(webhook.events()).toHaveLength(4));
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
    const { webhook, service } = await setUp(everything);
    const { client } = await connect(resources, service);
    for (let i = 0; i < 20; i += 1) await client.sendEvent('e', 'x', 'text');
    // The first event may find the connection of the abuse protection check still busy.
    expect(new Set(webhook.events().map(({ socket }) => socket)).size).toBeLessThanOrEqual(2);
  });

  it('arrives in the order in which one client sent its events', async () => {
    const { webhook, service } = await setUp(everything);
    const { client } = await connect(resources, service);
    await Promise.all(Array.from({ length: 30 }, (_, i) => client.sendEvent('e', String(i), 'text')));
    expect(webhook.events().map(({ body }) => body)).toEqual(Array.from({ length: 30 }, (_, i) => String(i)));
  });

  it('goes to the first handler that takes it', async () => {
    const first = await Webhook.start();
    const second = await Webhook.start();
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
    await client.sendEvent('other one', 'x', 'text');
    expect(first.events().map(({ url }) => url)).toEqual(['/robot']);
    expect(second.events().map(({ url }) => url)).toEqual(['/other%20one']);
  });
});

describe('the connect event', () => {
  it('tells who asks, without the token, and takes user, roles, groups and state from the answer', async () => {
    const { webhook, service } = await setUp((url) => ({ ...everything(url), systemEvents: ['connect'] }));
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
    expect(body['headers']).toMatchObject({ upgrade: ['websocket'] });
    client.send({ type: 'sendToGroup', group: 'room', data: 1, ackId: 1 });
    await serviceClient(service, 'chat').group('room').sendToAll('hi', { contentType: 'text/plain' });
    await vi.waitFor(() => expect(client.frames).toHaveLength(3));
    expect(client.messages()).toMatchObject([
      { event: 'connected', userId: 'renamed' },
      { type: 'ack', success: false, error: { name: 'Forbidden' } },
      { from: 'group', data: 'hi' },
    ]);
    client.send({ type: 'event', event: 'e', data: 1, ackId: 2 });
    await vi.waitFor(() => expect(client.frames).toHaveLength(4));
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
    const { webhook, service } = await setUp((url) => ({ urlTemplate: url, systemEvents: ['connect'] }));
    webhook.answer = (_request, response) => response.writeHead(status).end(body);
    const token = await clientToken(service);
    await expect(RawClient.open(resources, clientUrl(service, token))).rejects.toThrow(refusal);
  });
});

describe('a reply', () => {
  async function replyTo(
    contentType: string | undefined,
    body: string | Buffer,
  ): Promise<{ frames: string[]; error?: string }> {
    const { webhook, service } = await setUp(everything);
    webhook.answer = (_request, response) => {
      if (contentType !== undefined) response.setHeader('Content-Type', contentType);
      response.end(body);
    };
    const client = await RawClient.open(resources, clientUrl(service, await clientToken(service)));
    client.send({ type: 'event', event: 'e', data: 1, ackId: 7 });
    await vi.waitFor(() => expect(client.messages().at(-1)).toMatchObject({ type: 'ack', ackId: 7 }));
    return { frames: client.frames.slice(1) };
  }

  it('becomes a message by its content type, before the ack', async () => {
    const ack = '{"type":"ack","ackId":7,"success":true}';
    const message = '{"type":"message","from":"server"';
    expect((await replyTo('text/plain; charset=utf-8', 'hï')).frames).toEqual([
      `${message},"dataType":"text","data":"hï"}`,
      ack,
    ]);
    expect((await replyTo('application/json', '{"a":1}')).frames).toEqual([
      `${message},"dataType":"json","data":{"a":1}}`,
      ack,
    ]);
    const bytes = Buffer.from([0, 200]);
    const binary = [`${message},"dataType":"binary","data":"AMg="}`, ack];
    expect((await replyTo('application/octet-stream', bytes)).frames).toEqual(binary);
    expect((await replyTo(undefined, bytes)).frames, 'no content type means binary').toEqual(binary);
    expect((await replyTo('text/plain', '')).frames, 'no body means no message').toEqual([ack]);
  });

  it('of another type, or of JSON that is none, is a failure', async () => {
    for (const [type, body] of [
      ['application/xml', '<a/>'],
      ['application/json', '{'],
    ] as const) {
      const { frames } = await replyTo(type, body);
      expect(frames).toHaveLength(1);
      expect(JSON.parse(frames[0] ?? '')).toMatchObject({
        success: false,
        error: { name: 'InternalServerError' },
      });
    }
  });

  it('longer than the bound is a failure, whether it says its length or not', async () => {
    const { webhook, service } = await setUp(everything, { limits: { handlerReplyBytes: 1_000 } });
    const { client } = await connect(resources, service);
    webhook.answer = (_request, response) => response.end(Buffer.alloc(1_000));
    await client.sendEvent('e', 'x', 'text');
    webhook.answer = (_request, response) => response.end(Buffer.alloc(1_001));
    expect(await errorOf(client.sendEvent('e', 'x', 'text'))).toContain('more than 1000 bytes');
    webhook.answer = (_request, response) => {
      response.write(Buffer.alloc(600));
      response.end(Buffer.alloc(600));
    };
    expect(await errorOf(client.sendEvent('e', 'x', 'text'))).toContain('more than 1000 bytes');
  });
});

describe('a handler that fails', () => {
  async function failing(
    answer: Webhook['answer'],
  ): Promise<{ error: string | undefined; ids: unknown[]; log: LogEntry[] }> {
    const { webhook, service, log } = await setUp(everything);
    webhook.answer = answer;
    const { client } = await connect(resources, service);
    const error = await errorOf(client.sendEvent('e', 'secret words', 'text'));
    return { error, ids: webhook.events().map(({ headers }) => headers['ce-id']), log };
  }

  it.each([408, 500, 503])('with %i is asked four times with the same event id', async (status) => {
    const { error, ids, log } = await failing((_request, response) => response.writeHead(status).end());
    expect(error).toBe(`InternalServerError: The event handler answered ${status}.`);
    expect(new Set(ids).size).toBe(1);
    expect(ids).toHaveLength(4);
    expect(log).toMatchObject([{ level: 'warn', hub: 'chat', event: 'user:e' }]);
    expect(JSON.stringify(log)).not.toContain('secret words');
  });

  it.each([400, 404, 429, 302])('with %i is asked once', async (status) => {
    const { error, ids } = await failing((_request, response) => response.writeHead(status).end());
    expect(error).toContain(`answered ${status}`);
    expect(ids).toHaveLength(1);
  });

  it('by dropping the connection is asked four times, and once more is enough when it recovers', async () => {
    let attempts = 0;
    const { ids } = await failing((request) => request.socket.destroy());
    expect(ids).toHaveLength(4);
    const recovered = await failing((request, response) => {
      attempts += 1;
      if (attempts < 3) request.socket.destroy();
      else response.end();
    });
    expect(recovered.error).toBeUndefined();
    expect(recovered.ids).toHaveLength(3);
  });

  it('by not answering is given up after the deadline', async () => {
    const { webhook, service } = await setUp(everything, { limits: { handlerTimeoutMs: 50 } });
    webhook.answer = () => {};
    const { client } = await connect(resources, service);
    expect(await errorOf(client.sendEvent('e', 'x', 'text'))).toContain('did not answer within 50 ms');
    expect(webhook.events()).toHaveLength(1);
  });

  it('leaves the connection of the client, and its later events, in order', async () => {
    const { webhook, service } = await setUp(everything);
    const { client } = await connect(resources, service);
    const heard: unknown[] = [];
    (client as WebPubSubClient).on('server-message', ({ message }) => heard.push(message.data));
    webhook.answer = (request, response) => {
      if (request.headers['ce-id'] === '2') response.writeHead(400).end();
      else response.setHeader('Content-Type', 'text/plain').end('fine');
    };
    const results = await Promise.all(
      [1, 2, 3].map((i) => errorOf(client.sendEvent('e', String(i), 'text'))),
    );
    expect(results.map((error) => error === undefined)).toEqual([false, true, true]);
    expect(heard).toEqual(['fine', 'fine']);
  });
});

describe('abuse protection', () => {
  it('asks once, with the validation event in the address, before the first event', async () => {
    const { webhook, service } = await setUp(everything);
    const { client } = await connect(resources, service);
    await client.sendEvent('a', 'x', 'text');
    await client.sendEvent('b', 'x', 'text');
    expect(webhook.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'OPTIONS /chat/validate?code=k',
      'POST /chat/a?code=k',
      'POST /chat/b?code=k',
    ]);
    expect(webhook.requests[0]?.headers).toMatchObject({
      'webhook-request-origin': '127.0.0.1',
      'ce-awpsversion': '1.0',
    });
  });

  it('takes the host with or without a port, in a list, and asks with GET where OPTIONS is unknown', async () => {
    const { webhook, service } = await setUp(everything);
    webhook.allow = (request, response) => {
      if (request.method === 'OPTIONS') {
        response.writeHead(404).end();
        return;
      }
      response.setHeader('WebHook-Allowed-Origin', ['other.example', '127.0.0.1:8080']);
      response.end();
    };
    const { client } = await connect(resources, service);
    await client.sendEvent('a', 'x', 'text');
    expect(webhook.requests.map(({ method }) => method)).toEqual(['OPTIONS', 'GET', 'POST']);
  });

  it('sends nothing to a handler that does not allow the origin, and asks again later', async () => {
    const { webhook, service } = await setUp(everything, { limits: { validationRetryMs: 0 } });
    const allow = webhook.allow;
    webhook.allow = (_request, response) =>
      response.setHeader('WebHook-Allowed-Origin', 'elsewhere.example').end();
    const { client } = await connect(resources, service);
    expect(await errorOf(client.sendEvent('a', 'x', 'text'))).toContain(
      "does not allow the origin '127.0.0.1'",
    );
    expect(webhook.events()).toHaveLength(0);
    webhook.allow = allow;
    await client.sendEvent('a', 'x', 'text');
    expect(webhook.events()).toHaveLength(1);
  });
});

it('stops at once although a handler is silent', async () => {
  const { webhook, service } = await setUp((url) => ({ ...everything(url), systemEvents: ['connected'] }));
  webhook.answer = () => {};
  const { client } = await connect(resources, service);
  const sent = client.sendEvent('e', 'x', 'text').catch(() => {});
  await vi.waitFor(() => expect(webhook.events()).toHaveLength(2));
  client.stop();
  await service.close();
  await sent;
});
