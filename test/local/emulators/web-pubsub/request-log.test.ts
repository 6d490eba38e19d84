import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../support/until.ts';
import { connect, Resources, serviceClient, startService } from './service.ts';
import { Webhook } from './webhook.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

async function setUp() {
  const handler = await Webhook.start(resources);
  handler.answer = (_, response) => response.writeHead(204).end();
  const lines: string[] = [];
  const service = await startService(resources, {
    requestLog: (line) => lines.push(line),
    hubs: {
      chat: [{ urlTemplate: `${handler.url}/{event}`, eventPattern: '*', systemEvents: ['connected'] }],
    },
  });
  const logged = (pattern: RegExp): Promise<string> =>
    until(() => lines.find((line) => pattern.test(line)), `a line like ${pattern}`);
  return { service, handler, lines, logged };
}

describe('the request log of the Web PubSub emulator', () => {
  it('has a line for each request, client and event', async () => {
    const { service, logged } = await setUp();
    const { client, connectionId } = await connect(resources, service);
    await client.sendEvent('greet', 'hello', 'text');
    await serviceClient(service, 'chat').sendToAll('secret');
    await logged(/^GET \/client\/hubs\/chat 101, \d+ ms$/);
    await logged(new RegExp(`^event system:connected of ${connectionId}: 20\\d, \\d+ ms$`));
    await logged(new RegExp(`^event user:greet of ${connectionId}: 20\\d, \\d+ ms$`));
    await logged(/^POST \/api\/hubs\/chat\/:send 202, \d+ ms$/);
  });

  it('says why a request or a client is refused', async () => {
    const { service, logged } = await setUp();
    await fetch(`${service.url}/api/hubs/chat/:send?api-version=2024-12-01`, { method: 'POST' });
    await logged(
      /^POST \/api\/hubs\/chat\/:send 401, \d+ ms, Unauthorized: The header 'Authorization: Bearer'/,
    );
    const socket = new WebSocket(`${service.url.replace('http', 'ws')}/client/hubs/chat?access_token=secret`);
    socket.addEventListener('error', () => {});
    await logged(/^GET \/client\/hubs\/chat 401, \d+ ms, Unauthorized: The access token is not valid/);
  });

  it('holds no query, no payload and no telephone number', async () => {
    const { service, lines, logged } = await setUp();
    const users = serviceClient(service, 'chat');
    await users.sendToUser('+14255550123', 'secret');
    await logged(/users\/(%2B|\+)14…\/:send 202/);
    await users.userExists('14255550123');
    await logged(/users\/… 404/);
    await connect(resources, service, { userId: '+14255550123' });
    await logged(/^event system:connected/);
    for (const secret of ['5550123', 'secret', '?', 'access_token'])
      expect(lines.join('\n')).not.toContain(secret);
  });
});
