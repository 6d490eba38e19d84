import { type ChildProcess, fork, type Serializable } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebPubSubClient } from '@azure/web-pubsub-client';
import { afterEach, expect, it } from 'vitest';
import { COMPILED } from '../../../support/compiled.ts';
import { until } from '../../../support/until.ts';
import { Resources, temporaryFolder } from './service.ts';
import { Webhook } from './webhook.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

const MAIN = new URL('../../../../local/emulators/web-pubsub/main.ts', import.meta.url);
const KEY = 'a key for this test that is long enough';

function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const child = fork(MAIN, args, {
    silent: true,
    env: { PATH: process.env['PATH'] ?? '', ...COMPILED, ...env },
  });
  return resources.add(child, (each) => {
    each.kill('SIGKILL');
  });
}

/** What the process says once it serves. */
async function ready(child: ChildProcess): Promise<{ url: string }> {
  const [message] = (await once(child, 'message')) as [Serializable];
  return message as { url: string };
}

/** A handler that answers each event with the path at which it came. */
async function startHandler(): Promise<Webhook> {
  const handler = await Webhook.start(resources);
  handler.answer = (request, response) => {
    response.setHeader('Content-Type', 'text/plain');
    response.end(request.url);
  };
  return handler;
}

/** A client of the hub `calls`, and what the service tells it. */
async function connectTo(
  connectionString: string,
): Promise<{ client: WebPubSubClient; messages: unknown[] }> {
  const service = new WebPubSubServiceClient(connectionString, 'calls', { allowInsecureConnection: true });
  const client = new WebPubSubClient((await service.getClientAccessToken()).url, { autoReconnect: false });
  resources.add(client, (each) => each.stop());
  const messages: unknown[] = [];
  client.on('server-message', ({ message }) => messages.push(message.data));
  await client.start();
  return { client, messages };
}

it('serves as a process of its own, configured by file and environment, tells a person how to use it, and ends when told', {
  timeout: 60_000,
}, async () => {
  const handler = await startHandler();
  const config = join(await temporaryFolder(resources), 'config.json');
  await writeFile(
    config,
    JSON.stringify({ WebPubSub: { Hubs: { calls: { EventHandlers: [{ EventPattern: 'echo' }] } } } }),
  );
  const child = start(['--port', '0', '--stand-alone', '--config', config], {
    WebPubSub__Hubs__calls__EventHandlers__0__UrlTemplate: `${handler.url}/api/workers/{event}?code=secret`,
  });
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const { url } = await ready(child);
  await until(() => text.includes('Ctrl-C'), 'the whole text');
  const [connectionString = ''] = /Endpoint=\S+/.exec(text) ?? [];
  expect(connectionString).toContain(`Endpoint=${url};AccessKey=`);
  expect(text).toContain(`${url.replace('http', 'ws')}/client/hubs/{hub}`);
  expect(text).toContain(`${handler.url}/api/workers/{event}?…`);
  expect(text).not.toContain('secret');
  const { client, messages } = await connectTo(connectionString);
  await client.sendEvent('echo', 'x', 'text');
  expect(messages[0]).toBe('/api/workers/echo?code=secret');
  client.stop();
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

it('takes a new configuration file while it runs, refuses a bad one and keeps the old', {
  timeout: 60_000,
}, async () => {
  const handler = await startHandler();
  const config = join(await temporaryFolder(resources), 'config.json');
  const configure = (template: string): Promise<void> => {
    const handlers = [{ UrlTemplate: template, EventPattern: '*' }];
    const document = { WebPubSub: { AccessKey: KEY, Hubs: { calls: { EventHandlers: handlers } } } };
    return writeFile(config, JSON.stringify(document));
  };
  await configure(`${handler.url}/old`);
  const child = start(['--port', '0', '--config', config]);
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const { url } = await ready(child);
  const { client, messages } = await connectTo(`Endpoint=${url};AccessKey=${KEY};Version=1.0;`);
  await client.sendEvent('e', 'x', 'text');
  await configure('ftp://nowhere');
  await until(() => log.includes('is refused, and the old one stays'), 'the refusal in the log');
  expect(log).toContain("EventHandlers:0:UrlTemplate' must be an http or https URL");
  await client.sendEvent('e', 'x', 'text');
  await configure(`${handler.url}/new`);
  await until(() => log.includes('The new configuration is in force.'), 'the new configuration');
  await client.sendEvent('e', 'x', 'text');
  expect(messages).toEqual(['/old', '/old', '/new']);
});

it('says in one sentence why it cannot start', { timeout: 60_000 }, async () => {
  const child = start(['--port', 'many']);
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(1);
  expect(text).toContain('--port must be a whole number from 0 to 65535');
  expect(text.trim().split('\n'), 'one line, no stack trace').toHaveLength(1);
});
