import { afterEach, expect, it } from 'vitest';
import { until } from '../../../../support/until.ts';
import { clientToken, clientUrl, RawClient } from '../raw-client.ts';
import { Resources, serviceClient, startService } from '../service.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

const MEGABYTE = 'x'.repeat(1_000_000);

it('counts the messages that wait for a client, of which the kernel’s are none', async () => {
  const service = await startService(resources, { limits: { outboundQueueMessages: 3 } });
  const url = clientUrl(service, await clientToken(service, { sub: 'slow' }));
  const slow = await RawClient.open(resources, url);
  slow.ws.pause();
  const admin = serviceClient(service, 'chat');
  let sent = 0;
  while (sent < 40 && (await admin.userExists('slow'))) {
    await admin.sendToUser('slow', MEGABYTE, { contentType: 'text/plain' });
    sent += 1;
  }
  expect(sent, 'what waits is below the bound of bytes').toBeLessThan(16);
  expect(sent, 'one that is sent, and three that wait').toBeGreaterThan(3);
  slow.ws.resume();
  expect(await slow.closed).toMatchObject({ code: 1008, reason: expect.stringContaining('slow client') });
});

it('lets many messages through to a client that reads, however few may wait', async () => {
  const service = await startService(resources, { limits: { outboundQueueMessages: 3 } });
  const url = clientUrl(service, await clientToken(service));
  const quick = await RawClient.open(resources, url);
  const admin = serviceClient(service, 'chat');
  for (let sent = 0; sent < 50; sent += 1) await admin.sendToAll('x', { contentType: 'text/plain' });
  quick.send({ type: 'ping' });
  await until(() => quick.frames.at(-1) === '{"type":"pong"}', 'the pong behind all messages');
  expect(quick.frames).toHaveLength(52);
});
