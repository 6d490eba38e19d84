import { afterEach, describe, expect, it } from 'vitest';
import { limitsOfTier, parseTier } from '../../../../../local/emulators/web-pubsub/base/service-tier.ts';
import type {
  RunningWebPubSub,
  WebPubSubOptions,
} from '../../../../../local/emulators/web-pubsub/service/server.ts';
import { until } from '../../../../support/until.ts';
import { clientToken, clientUrl, RawClient } from '../raw-client.ts';
import { Resources, serviceClient, startService } from '../service.ts';

const resources = new Resources();
let service: RunningWebPubSub;
afterEach(() => resources.dispose());

async function start(options: WebPubSubOptions): Promise<void> {
  service = await startService(resources, options);
}

async function open(hub = 'chat', subprotocol = 'json.webpubsub.azure.v1'): Promise<RawClient> {
  const token = await clientToken(service, {}, { hub });
  const client = await RawClient.open(resources, clientUrl(service, token, hub), subprotocol);
  await until(() => client.frames.length > 0, 'the connected message');
  return client;
}

describe('a tier', () => {
  it.each([
    ['free', 20],
    ['standard', 1_000],
    ['standard:1', 1_000],
    ['standard:100', 100_000],
  ])('%s allows %i connections', (text, connections) => {
    expect(limitsOfTier(parseTier(text))).toEqual({ connections });
  });

  it.each(['', 'premium', 'free:1', 'standard:', 'standard:3', 'standard:1:1'])('is not %o', (text) => {
    expect(() => parseTier(text)).toThrow(/1, 2, 5, 10, 20, 50, 100/);
  });
});

it('refuses the client after the last one that the tier allows, over all hubs, and takes one when another has gone', async () => {
  await start({ tier: { name: 'free' } });
  const clients = await Promise.all(
    Array.from({ length: 20 }, (_, i) => open(i % 2 === 0 ? 'chat' : 'calls')),
  );
  await expect(open()).rejects.toThrow(/HTTP 429 .*ConnectionCountLimitReached/);
  clients[0]?.ws.close();
  await until(
    () =>
      open().then(
        () => true,
        () => false,
      ),
    'a place for another client',
  );
  await expect(open()).rejects.toThrow('HTTP 429');
});

it('counts a reliable client that may come back, and lets it come back', async () => {
  await start({ limits: { connections: 1 } });
  const client = await open('chat', 'json.reliable.webpubsub.azure.v1');
  const { connectionId, reconnectionToken } = client.messages()[0] as Record<string, string>;
  client.ws.terminate();
  await client.closed;
  expect(await serviceClient(service, 'chat').connectionExists(connectionId ?? '')).toBe(true);
  await expect(open()).rejects.toThrow('HTTP 429');
  const recovery = `awps_connection_id=${connectionId}&awps_reconnection_token=${reconnectionToken}`;
  const url = `${clientUrl(service, '')}&${recovery}`;
  const again = await RawClient.open(resources, url, 'json.reliable.webpubsub.azure.v1');
  await until(() => again.messages()[0]?.['event'] === 'connected', 'the connection to be recovered');
});
