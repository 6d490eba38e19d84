import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltApp, buildApp } from '../built-app.ts';
import { type HostProcess, startHost } from '../host-process.ts';

let app: BuiltApp;
let host: HostProcess;

beforeAll(async () => {
  app = await buildApp('main');
  host = await startHost(app.folder, {
    env: { YEARLY: '0 30 5 1 1 *', 'AzureWebJobs.onThree.Disabled': 'false' },
  });
});

afterAll(async () => {
  await host?.stop();
  app?.remove();
});

const send = (functionName: string, body: unknown, options: { type?: string; code?: string } = {}) =>
  fetch(
    `${host.url}/runtime/webhooks/eventgrid?functionName=${functionName}&code=${options.code ?? 'eventgrid-key'}`,
    {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        ...(options.type === '' ? {} : { 'aeg-event-type': options.type ?? 'Notification' }),
      },
    },
  );

const event = (id: string, data: object = { kind: 'test' }) => ({
  id,
  topic: '/subscriptions/x',
  subject: 'a/subject',
  eventType: 'Test.Happened',
  eventTime: '2026-01-02T03:04:05.678Z',
  data,
  dataVersion: '1.0',
  metadataVersion: '1',
  tags: ['an', 'array'],
});

interface Delivery {
  functionName: string;
  input: { id: string } & { id: string }[];
  metadata: Record<string, unknown>;
}
const deliveries = async (functionName: string): Promise<Delivery[]> => {
  const recorded = (await (await fetch(`${host.url}/api/recorded`)).json()) as { deliveries: Delivery[] };
  return recorded.deliveries.filter((delivery) => delivery.functionName === functionName);
};

describe('deliveries', () => {
  it('runs the function once per event and answers 202', async () => {
    const response = await send('onEvent', [event('one'), event('two')]);
    expect([response.status, await response.text()]).toEqual([202, '']);
    const seen = (await deliveries('onEvent')).filter(({ input }) => ['one', 'two'].includes(input.id));
    expect(seen.map(({ input }) => input)).toEqual([event('one'), event('two')]);
  });

  it('gives data and every property at the top that is no array as metadata, with keys in camel case', async () => {
    await send('onEvent', event('metadata', { Upper: 1, list: [1] }));
    const seen = (await deliveries('onEvent')).find(({ input }) => input.id === 'metadata');
    expect(seen?.metadata).toMatchObject({
      id: 'metadata',
      subject: 'a/subject',
      eventType: 'Test.Happened',
      data: { upper: 1, list: [1] },
      sys: { methodName: 'onEvent', utcNow: expect.any(String), randGuid: expect.any(String) },
    });
    expect(seen?.metadata).not.toHaveProperty('tags');
  });

  it('runs all events of a delivery at the same time', async () => {
    const response = await send('onThree', [event('a'), event('b'), event('c')]);
    expect(response.status, 'the function holds each event until three are running').toBe(202);
  });

  it('answers 500 when one event fails, after having run the others', async () => {
    const response = await send('onEvent', [event('bad', { fail: true }), event('good')]);
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('Exception while executing function: Functions.onEvent');
    expect((await deliveries('onEvent')).map(({ input }) => input.id)).toContain('good');
  });

  it('runs a function of cardinality many once, with all events', async () => {
    expect((await send('onMany', [event('m1'), event('m2')])).status).toBe(202);
    const [seen] = await deliveries('onMany');
    expect(seen?.input.map(({ id }) => id)).toEqual(['m1', 'm2']);
  });

  it('delivers events in the CloudEvents schema the same way', async () => {
    const cloudEvent = { specversion: '1.0', id: 'cloud', source: '/x', type: 'Test', data: { a: 1 } };
    expect((await send('onEvent', [cloudEvent])).status).toBe(202);
    expect((await deliveries('onEvent')).map(({ input }) => input)).toContainEqual(cloudEvent);
  });
});

describe('subscriptions', () => {
  it('answers the validation of a subscription itself', async () => {
    const before = (await deliveries('onEvent')).length;
    const validation = {
      ...event('v', { validationCode: 'the-code', validationUrl: 'https://unused.test' }),
      eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
    };
    const response = await send('onEvent', [validation], { type: 'SubscriptionValidation' });
    expect([response.status, await response.json()]).toEqual([200, { validationResponse: 'the-code' }]);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect((await deliveries('onEvent')).length, 'no function runs').toBe(before);
  });

  it('grants the origin of Event Grid in the CloudEvents handshake, of the cloud that asks', async () => {
    const ask = async (origin: string) => {
      const url = `${host.url}/runtime/webhooks/eventgrid?functionName=onEvent&code=eventgrid-key`;
      const response = await fetch(url, { method: 'OPTIONS', headers: { 'webhook-request-origin': origin } });
      return [response.status, response.headers.get('webhook-allowed-origin')];
    };
    expect(await ask('eventgrid.azure.net')).toEqual([200, 'eventgrid.azure.net']);
    expect(await ask('eventgrid.azure.us')).toEqual([200, 'eventgrid.azure.us']);
    expect(await ask('elsewhere.test')).toEqual([200, 'eventgrid.azure.net']);
  });

  it('takes note of the end of a subscription', async () => {
    expect((await send('onEvent', '', { type: 'Unsubscribe' })).status).toBe(202);
  });
});

describe('refusals', () => {
  it('answers 401 without a body for a missing or wrong key, 403 for one of others, and takes the master key', async () => {
    const wrong = await send('onEvent', event('k'), { code: 'wrong' });
    expect([wrong.status, await wrong.text()]).toEqual([401, '']);
    expect((await send('onEvent', event('k'), { code: '' })).status).toBe(401);
    expect((await send('onEvent', event('k'), { code: 'host-key' })).status).toBe(403);
    expect((await send('onEvent', event('k'), { code: 'master-key' })).status).toBe(202);
  });

  it('answers 404 for a function that is unknown, written in another case, or has another trigger', async () => {
    for (const name of ['nobody', 'ONEVENT', 'echo']) {
      const response = await send(name, event('n'));
      expect([response.status, await response.text()]).toEqual([404, `cannot find function: '${name}'`]);
    }
  });

  it('answers 400 for a type of message that is missing or unknown', async () => {
    expect((await send('onEvent', event('t'), { type: '' })).status).toBe(400);
    expect((await send('onEvent', event('t'), { type: 'Gossip' })).status).toBe(400);
  });

  it('answers 404 for webhooks of other extensions', async () => {
    expect((await fetch(`${host.url}/runtime/webhooks/webpubsub?code=master-key`)).status).toBe(404);
  });
});
