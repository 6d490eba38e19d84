import { afterEach, describe, expect, it } from 'vitest';
import { connect, Resources } from '../service.ts';
import { errorOf, everything, startWithWebhook } from '../webhook.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

describe('abuse protection', () => {
  it('asks once, with the validation event in the address, before the first event', async () => {
    const { webhook, service } = await startWithWebhook(resources, everything);
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
    const { webhook, service } = await startWithWebhook(resources, everything);
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
    const { webhook, service } = await startWithWebhook(resources, everything, {
      limits: { validationRetryMs: 0 },
    });
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
