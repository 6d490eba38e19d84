import { type ChildProcess, fork, type Serializable } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { type ServerDataMessage, WebPubSubClient } from '@azure/web-pubsub-client';
import { afterEach, expect, it } from 'vitest';
import { Resources, startHttp } from './service.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

const MAIN = new URL('../../local/web-pubsub/main.ts', import.meta.url);
const KEY = 'a key for this test that is long enough';

function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const child = fork(MAIN, args, { silent: true, env: { PATH: process.env['PATH'] ?? '', ...env } });
  return resources.add(child, (each) => {
    each.kill('SIGKILL');
  });
}

it('serves as a process of its own, configured by file and environment, and ends when told', async () => {
  const handler = await startHttp(resources, (request, response) => {
    response.setHeader('WebHook-Allowed-Origin', '*');
    response.setHeader('Content-Type', 'text/plain');
    response.end(request.method === 'POST' ? `${request.url}` : '');
  });
  const folder = resources.add(await mkdtemp(join(tmpdir(), 'web-pubsub-')), (path) =>
    rm(path, { recursive: true }),
  );
  const config = join(folder, 'config.json');
  await writeFile(
    config,
    JSON.stringify({ WebPubSub: { Hubs: { calls: { EventHandlers: [{ EventPattern: 'echo' }] } } } }),
  );
  const child = start(['--port', '0', '--config', config], {
    WebPubSub__AccessKey: KEY,
    WebPubSub__Hubs__calls__EventHandlers__0__UrlTemplate: `${handler}/api/workers/{event}`,
  });
  const [ready] = (await once(child, 'message')) as [Serializable];
  const { url } = ready as { url: string };
  const connectionString = `Endpoint=${url};AccessKey=${KEY};Version=1.0;`;
  const service = new WebPubSubServiceClient(connectionString, 'calls', { allowInsecureConnection: true });
  const client = new WebPubSubClient((await service.getClientAccessToken()).url, { autoReconnect: false });
  resources.add(client, (each) => each.stop());
  const messages: ServerDataMessage[] = [];
  client.on('server-message', ({ message }) => messages.push(message));
  await client.start();
  await client.sendEvent('echo', 'x', 'text');
  expect(messages[0]?.data).toBe('/api/workers/echo');
  client.stop();
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

it.each([
  [['--port', 'many'], '--port must be a number from 0 to 65535'],
  [['--config', '/nowhere.json'], "the configuration file '/nowhere.json' cannot be read"],
  [['--user-event-failure', 'explode'], '--user-event-failure must be one of errorAck, closeConnection'],
])('says in one sentence why it cannot start with %j', async (args, sentence) => {
  const child = start(args);
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(1);
  expect(text).toContain(sentence);
  expect(text.trim().split('\n'), 'one line, no stack trace').toHaveLength(1);
});
