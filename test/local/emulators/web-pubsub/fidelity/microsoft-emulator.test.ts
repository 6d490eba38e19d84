/** What Microsoft's emulator does (Azure/azure-webpubsub, tools/emulator) where no other source decides. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunningWebPubSub } from '../../../../../local/emulators/web-pubsub/service/server.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { until } from '../../../../support/until.ts';
import { clientToken, clientUrl, RawClient, type TokenClaims } from '../raw-client.ts';
import { Resources, startService } from '../service.ts';
import { inHub, signedRequest } from '../signed-request.ts';
import { everything, startWithWebhook, type Webhook } from '../webhook.ts';

const resources = new Resources();
const IN_A_MINUTE = Math.floor(Date.now() / 1_000) + 60;
afterEach(() => resources.dispose());

async function open(
  service: RunningWebPubSub,
  claims: TokenClaims = {},
  subprotocols?: string | readonly string[],
): Promise<RawClient> {
  return await RawClient.open(
    resources,
    clientUrl(service, await clientToken(service, claims)),
    subprotocols,
  );
}

/** A service whose handler takes every event and, first of all, the connect event. */
function startWithConnect(): ReturnType<typeof startWithWebhook> {
  return startWithWebhook(resources, (url) => ({ ...everything(url), systemEvents: ['connect'] }));
}

describe('the reply of an event handler', () => {
  const answerWithMetadata =
    (body: string): Webhook['answer'] =>
    (_request, response) => {
      response.setHeader('Content-Type', 'text/plain');
      response.setHeader('X-WebPubSub-Metadata-Trace', ['first', 'second , last']);
      response.end(body);
    };

  it('brings its metadata to the client, the last value of each, before the ack', async () => {
    const { webhook, service } = await startWithWebhook(resources, everything);
    webhook.answer = answerWithMetadata('hi');
    const client = await open(service);
    client.send({ type: 'event', event: 'e', data: 1, ackId: 1 });
    await until(() => client.frames.length === 3, 'the reply and the ack');
    expect(client.frames.slice(1)).toEqual([
      '{"type":"message","from":"server","dataType":"text","data":"hi","metadata":{"trace":"last"}}',
      '{"type":"ack","ackId":1,"success":true}',
    ]);
  });

  it('of metadata alone is an empty text message, and an empty text frame to a simple client', async () => {
    const { webhook, service } = await startWithWebhook(resources, everything);
    webhook.answer = answerWithMetadata('');
    const client = await open(service);
    client.send({ type: 'event', event: 'e', data: 1 });
    await until(() => client.frames.length === 2, 'the reply');
    expect(client.messages()[1]).toMatchObject({ dataType: 'text', data: '', metadata: { trace: 'last' } });
    const simple = await open(service, {}, []);
    const frame = new Promise((resolve) =>
      simple.ws.once('message', (data, binary) => resolve([String(data), binary])),
    );
    simple.send('x');
    expect(await frame).toEqual(['', false]);
  });

  it('with metadata that break a rule has failed', async () => {
    const { webhook, service } = await startWithWebhook(resources, everything);
    webhook.answer = (_request, response) => {
      response.setHeader('X-WebPubSub-Metadata-Long', 'x'.repeat(1_025));
      response.end('hi');
    };
    const client = await open(service);
    client.send({ type: 'event', event: 'e', data: 1, ackId: 1 });
    await until(() => client.frames.length === 2, 'the ack');
    expect(client.messages()[1]).toMatchObject({ success: false, error: { name: 'InternalServerError' } });
  });
});

describe('an event of a client', () => {
  it.each(['1event', 'bad/event', 'bad event', '', 'naïve', 'e'.repeat(129)])(
    'with the name %j closes it with 1007',
    async (event) => {
      const service = await startService(resources);
      const client = await open(service);
      client.send({ type: 'event', event, data: 1 });
      expect((await client.closed).code).toBe(1007);
    },
  );

  it('may have a name of 128 letters, digits, _, . and -', async () => {
    const { webhook, service } = await startWithWebhook(resources, everything);
    const client = await open(service);
    const name = `E${'1_.-'.repeat(31)}end`;
    client.send({ type: 'event', event: name, data: 1, ackId: 1 });
    await until(() => client.frames.length === 2, 'the ack');
    expect(webhook.events()[0]?.headers['ce-eventname']).toBe(name);
    expect(name).toHaveLength(128);
  });

  it('whose metadata name a key twice closes it with 1007', async () => {
    const service = await startService(resources);
    const client = await open(service);
    client.send('{"type":"event","event":"e","data":1,"metadata":{"a":"1","b":"2","\\u0061":"3"}}');
    expect((await client.closed).code).toBe(1007);
  });
});

describe('a send over REST', () => {
  it('is refused with the ErrorDetail of the reference for what is wrong with its body or its headers', async () => {
    const service = await startService(resources);
    const post = (headers: Record<string, string>, body: string): Promise<Response> =>
      inHub(service, 'POST', '/connections/missing/:send', { headers, body });
    const broken = await post({ 'content-type': 'application/json' }, '{');
    const text = { 'content-type': 'text/plain' };
    const metadata = await post({ ...text, [`x-webpubsub-metadata-${'a'.repeat(257)}`]: 'v' }, 'hello');
    expect(await broken.json()).toEqual({
      code: 'Error.BadRequest',
      message: 'The request body is not a valid JSON.',
      target: 'Request',
      details: null,
      inner: null,
    });
    for (const response of [broken, metadata]) {
      expect(response.status).toBe(400);
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    }
    expect(await metadata.json()).toMatchObject({ code: 'Error.BadRequest', target: 'Request' });
  });

  it('must say how long its body is', async () => {
    const service = await startService(resources);
    const body = new Blob(['hello']).stream();
    const headers = { 'content-type': 'text/plain' };
    const response = await inHub(service, 'POST', '/:send', { headers, body, duplex: 'half' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      message: expect.stringContaining('Invalid Content-Length header.'),
    });
  });

  it('takes the last value of a list of metadata', async () => {
    const service = await startService(resources);
    const client = await open(service);
    await until(() => client.frames.length === 1, 'the connected message');
    const headers = { 'content-type': 'text/plain', 'x-webpubsub-metadata-Key': 'a, b' };
    await inHub(service, 'POST', '/:send', { headers, body: 'hello' });
    await until(() => client.frames.length === 2, 'the message');
    expect(client.messages()[1]).toMatchObject({ metadata: { key: 'b' } });
  });
});

describe('the address of a REST operation', () => {
  it.each(['/api/hubs/chat/%3Asend', '/api/hubs/chat/:send/', '/API/HUBS/chat/:Send'])(
    'may be written %s',
    async (path) => {
      const service = await startService(resources);
      const headers = { 'content-type': 'text/plain' };
      expect((await signedRequest(service, 'POST', path, { headers, body: 'x' })).status).toBe(202);
    },
  );

  it('has no id of white space, and no number twice', async () => {
    const service = await startService(resources);
    const statuses = await Promise.all(
      [
        ['DELETE', '/users/%20/groups'],
        ['DELETE', '/connections/%20'],
        ['GET', '/groups/g/connections?maxpagesize=1&maxpagesize=2'],
        ['GET', '/groups/g/connections?top=1&TOP=1'],
      ].map(async ([method = '', path = '']) => (await inHub(service, method, path)).status),
    );
    expect(statuses).toEqual([400, 400, 400, 400]);
  });
});

describe('the address of a client', () => {
  it('may be written in any case, with its parameters', async () => {
    const service = await startService(resources);
    const token = await clientToken(service, { sub: 'ana' });
    const base = service.url.replace('http', 'ws');
    const client = await RawClient.open(resources, `${base}/CLIENT/HUBS/chat?ACCESS_TOKEN=${token}`);
    await until(() => client.frames.length === 1, 'the connected message');
    expect(client.messages()[0]).toMatchObject({ userId: 'ana' });
  });

  it.each([
    ['two tokens', {}, '&access_token=second'],
    ['a token that begins after its end', { exp: IN_A_MINUTE, nbf: IN_A_MINUTE + 1 }, ''],
    ['a token of two users', { sub: ['ana', 'ben'] }, ''],
  ])('is refused with 401 for %s', async (_what, claims, query) => {
    const service = await startService(resources);
    const url = `${clientUrl(service, await clientToken(service, claims))}${query}`;
    await expect(RawClient.open(resources, url)).rejects.toThrow('HTTP 401');
  });

  it('names its user by a number as well', async () => {
    const service = await startService(resources);
    const client = await open(service, { sub: 7 });
    await until(() => client.frames.length === 1, 'the connected message');
    expect(client.messages()[0]).toMatchObject({ userId: '7' });
  });
});

describe('the connect event', () => {
  it('tells query and headers as the client wrote them, without its token and what is internal', async () => {
    const { webhook, service } = await startWithConnect();
    const token = await clientToken(service);
    const url = `${clientUrl(service, token).replace('access_token', 'Access_Token')}&Color=red&Color=blue`;
    const headers = { 'X-My-Header': 'a', 'X-ASRS-Internal-Thing': 'b', Authorization: 'Bearer c' };
    await RawClient.open(resources, url, 'json.webpubsub.azure.v1', { headers });
    const body = JSON.parse(webhook.events()[0]?.body ?? '') as Record<string, Record<string, unknown>>;
    expect(body['query']).toEqual({ Color: ['red', 'blue'] });
    expect(body['headers']).toMatchObject({ 'X-My-Header': ['a'], 'Sec-WebSocket-Version': ['13'] });
    expect(JSON.stringify(body)).not.toMatch(/Internal-Thing|authorization|access_token/i);
  });

  it('that is answered with null lets the client in as it is', async () => {
    const { webhook, service } = await startWithConnect();
    webhook.answer = (_request, response) => response.end('null');
    const client = await open(service, { sub: 'ana' });
    await until(() => client.frames.length === 1, 'the connected message');
    expect(client.messages()[0]).toMatchObject({ userId: 'ana' });
  });
});

describe('an event request', () => {
  it.each(['日本', '📞'])('has the user id %s in UTF-8', async (userId) => {
    const { webhook, service } = await startWithConnect();
    const client = await open(service, { sub: userId });
    client.send({ type: 'event', event: 'e', data: 1, ackId: 1 });
    await until(() => client.frames.length === 2, 'the ack');
    const given = webhook
      .events()
      .map(({ headers }) => Buffer.from(String(headers['ce-userid']), 'latin1').toString());
    expect(given).toEqual([userId, userId]);
  });

  it('has a request id and a trace of its own', async () => {
    const { webhook, service } = await startWithWebhook(resources, everything);
    const client = await open(service);
    for (const ackId of [1, 2]) client.send({ type: 'event', event: 'e', data: 1, ackId });
    await until(() => client.frames.length === 3, 'both acks');
    const ids = webhook.events().map(({ headers }) => String(headers['x-ms-client-request-id']));
    const traces = webhook.events().map(({ headers }) => String(headers['traceparent']));
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    for (const trace of traces) expect(trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(new Set([...ids, ...traces]).size).toBe(4);
  });

  it('has the state that an answer left, also an empty one', async () => {
    const { webhook, service } = await startWithWebhook(resources, everything);
    webhook.answer = (request, response) => {
      if (request.headers['ce-eventname'] === 'clear') response.setHeader('ce-connectionState', '');
      response.end();
    };
    const client = await open(service);
    client.send({ type: 'event', event: 'clear', data: 1 });
    client.send({ type: 'event', event: 'next', data: 1, ackId: 1 });
    await until(() => client.frames.length === 2, 'the ack');
    expect(webhook.events().map(({ headers }) => headers['ce-connectionstate'])).toEqual([undefined, '']);
  });
});

it('asks a handler at which nobody listens four times in nine seconds, and says so', async () => {
  // The address of a server that is gone: nobody listens there.
  const gone = await startService(resources);
  await gone.close();
  const clock = new ManualClock(Date.now());
  const hubs = { chat: [{ urlTemplate: `${gone.url}/{event}`, systemEvents: ['connect'] as const }] };
  const service = await startService(resources, { hubs, clock });
  let refused: string | undefined;
  void open(service).catch((error: Error) => {
    refused = error.message;
  });
  for (const waitMs of [1_000, 3_000, 5_000]) {
    await until(() => clock.pending().length > 1, 'the wait before the next attempt');
    expect(refused).toBeUndefined();
    clock.advance(waitMs);
  }
  await until(() => refused !== undefined, 'the refusal');
  expect(refused).toContain('Nobody listens at the address of the event handler.');
});

it('answers a client whose connect handler says 304 without a body', async () => {
  const { webhook, service } = await startWithConnect();
  webhook.answer = (_request, response) => response.writeHead(304).end();
  const upgrade = httpRequest(clientUrl(service, await clientToken(service)).replace('ws', 'http'), {
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
    },
  });
  const response = await new Promise<IncomingMessage>((resolve) => upgrade.once('response', resolve).end());
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  expect(response.statusCode).toBe(304);
  expect(response.headers).not.toHaveProperty('content-length');
  expect(Buffer.concat(chunks)).toHaveLength(0);
});
