import type { WebPubSubClient } from '@azure/web-pubsub-client';
import { afterEach, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../../../../local/emulators/web-pubsub/base/log.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { until } from '../../../../support/until.ts';
import { clientToken, clientUrl, RawClient } from '../raw-client.ts';
import { connect, Resources } from '../service.ts';
import { errorOf, everything, startWithWebhook, type Webhook } from '../webhook.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

describe('a reply', () => {
  async function replyTo(
    contentType: string | undefined,
    body: string | Buffer,
  ): Promise<{ frames: string[]; error?: string }> {
    const { webhook, service } = await startWithWebhook(resources, everything);
    webhook.answer = (_request, response) => {
      if (contentType !== undefined) response.setHeader('Content-Type', contentType);
      response.end(body);
    };
    const client = await RawClient.open(resources, clientUrl(service, await clientToken(service)));
    client.send({ type: 'event', event: 'e', data: 1, ackId: 7 });
    await until(() => client.messages().at(-1)?.['ackId'] === 7, 'the ack of the event');
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
      ['application/x-protobuf', 'x'],
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
    const { webhook, service } = await startWithWebhook(resources, everything, {
      limits: { handlerReplyBytes: 1_000 },
    });
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
    const { webhook, service, log } = await startWithWebhook(resources, everything);
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
    const clock = new ManualClock(Date.now());
    const { webhook, service } = await startWithWebhook(resources, everything, {
      clock,
      limits: { handlerTimeoutMs: 50 },
    });
    webhook.answer = () => {};
    const { client } = await connect(resources, service);
    const error = errorOf(client.sendEvent('e', 'x', 'text'));
    await until(() => webhook.events().length === 1, 'the event at the handler');
    clock.advance(50);
    expect(await error).toContain('did not answer within 50 ms');
    expect(webhook.events()).toHaveLength(1);
  });

  it('leaves the connection of the client, and its later events, in order', async () => {
    const { webhook, service } = await startWithWebhook(resources, everything);
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
