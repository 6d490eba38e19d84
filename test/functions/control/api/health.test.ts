import { createServer, type IncomingMessage, type Server } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { healthProbes } from '../../../../functions/control/adapters/health-probes.ts';
import { CallStoreError } from '../../../../functions/control/call/stores.ts';
import { HEALTH_AGE_MS } from '../../../../functions/control/use-cases/watch-health.ts';
import { WorkerWebhook } from '../../../../functions/workers/kit/webhook.ts';
import type { HealthView } from '../../../../shared/wire/api/health-endpoints.ts';
import { ControlFixture } from '../../../support/control-fixture.ts';
import { listenOnLoopback } from '../../../support/loopback.ts';
import { MemoryCallStore } from '../../../support/memory-call-store.ts';

async function health(fixture: ControlFixture): Promise<HealthView> {
  const { status, json } = await fixture.ask('getHealth');
  expect(status).toBe(200);
  return json as HealthView;
}

it('shows the parts in the order of the way of a call, each by itself', async () => {
  const fixture = new ControlFixture();
  fixture.probes.relay = async () => ({ state: 'busy', detail: 'it takes no further call now' });
  fixture.probes['web-pubsub'] = async () => {
    fixture.nowMs += 40;
    throw new Error('a secret address');
  };
  fixture.probes.workers = async () => ({ state: 'unknown', detail: 'the setting WORKER_URL is not set' });
  const atMs = fixture.nowMs;
  const { checkedAtMs, parts } = await health(fixture);
  expect(checkedAtMs).toBe(atMs);
  expect(parts.map(({ name, state }) => [name, state])).toEqual([
    ['storage', 'up'],
    ['relay', 'busy'],
    ['web-pubsub', 'down'],
    ['workers', 'unknown'],
  ]);
  expect(parts[2]).toMatchObject({ tookMs: 40 });
  expect(parts[3]).not.toHaveProperty('tookMs');
  expect(JSON.stringify(parts)).not.toContain('secret');
});

it('asks the parts once in five seconds, however many ask', async () => {
  const fixture = new ControlFixture();
  let asked = 0;
  fixture.probes.relay = async () => {
    asked += 1;
    return { state: 'up' };
  };
  await Promise.all([health(fixture), health(fixture)]);
  fixture.nowMs += HEALTH_AGE_MS - 1;
  await health(fixture);
  expect(asked).toBe(1);
  fixture.nowMs += 1;
  await health(fixture);
  expect(asked).toBe(2);
});

async function serve(answer: (request: IncomingMessage) => number | Promise<number>): Promise<string> {
  const server: Server = createServer(async (request, response) => {
    response.writeHead(await answer(request)).end();
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${port}`;
}

it('asks each part for what anybody may ask it', async () => {
  const asked: (string | undefined)[][] = [];
  let status = 200;
  const url = await serve(({ method, url: path, headers }) => {
    asked.push([method, path, headers.authorization]);
    return status;
  });
  const store = new MemoryCallStore();
  const probes = healthProbes({
    store,
    relayUrl: url.replace('http', 'ws'),
    webPubSubEndpoint: url,
    workerUrl: url,
  });
  const states = async (): Promise<unknown[]> =>
    await Promise.all(Object.values(probes).map(async (probe) => (await probe()).state));
  expect(await states()).toEqual(['up', 'up', 'up', 'up']);
  expect(asked.toSorted()).toEqual([
    ['GET', '/readyz', undefined],
    ['HEAD', '/api/health?api-version=2024-01-01', undefined],
    ['OPTIONS', '/api/workers/health', undefined],
  ]);
  status = 503;
  expect(await states()).toEqual(['up', 'busy', 'down', 'down']);
  store.outage = true;
  await expect(probes.storage()).rejects.toThrow(CallStoreError);
});

it('is up for the worker app as it answers Web PubSub, and unknown where the settings name none', async () => {
  const webPubSubEndpoint = 'https://contoso.webpubsub.azure.com';
  const service = { endpointHost: 'contoso.webpubsub.azure.com', accessKeys: ['a key'] };
  const webhook = new WorkerWebhook({ workers: [], service: () => service });
  const log = { warn: () => {}, error: () => {} };
  const workerUrl = await serve(async ({ method = '', url = '', headers }) => {
    const request = new Request(`http://worker${url}`, {
      method,
      headers: { 'webhook-request-origin': String(headers['webhook-request-origin']) },
    });
    return (await webhook.handle(request, { log })).status;
  });
  const parts = { store: new MemoryCallStore(), relayUrl: 'ws://127.0.0.1:1', webPubSubEndpoint, workerUrl };
  expect(await healthProbes(parts).workers()).toEqual({ state: 'up' });
  const unset = healthProbes({ ...parts, webPubSubEndpoint: undefined, workerUrl: undefined });
  expect(await unset['web-pubsub']()).toMatchObject({ state: 'unknown' });
  expect(await unset.workers()).toMatchObject({
    state: 'unknown',
    detail: expect.stringContaining('WORKER_URL'),
  });
  await expect(healthProbes(parts).relay(), 'nobody listens').rejects.toThrow();
});
