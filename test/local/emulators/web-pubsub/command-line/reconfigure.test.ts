import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigFileWatch } from '../../../../../local/emulators/web-pubsub/command-line/config-file.ts';
import { until } from '../../../../support/until.ts';
import { connect, Resources, startService, temporaryFolder } from '../service.ts';
import { Webhook } from '../webhook.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

describe('configuring event handlers anew', () => {
  it('sends the next event to the new handler, which is asked first, as is one that stays', async () => {
    const first = await Webhook.start(resources);
    const second = await Webhook.start(resources);
    const service = await startService(resources, {
      hubs: { chat: [{ urlTemplate: first.url, eventPattern: '*' }] },
    });
    const { client } = await connect(resources, service);
    await client.sendEvent('a', 'x', 'text');
    service.configure({
      Chat: [
        { urlTemplate: second.url, eventPattern: 'b' },
        { urlTemplate: first.url, eventPattern: '*' },
      ],
    });
    await client.sendEvent('b', 'x', 'text');
    await client.sendEvent('a', 'x', 'text');
    expect(second.requests.map(({ method }) => method)).toEqual(['OPTIONS', 'POST']);
    expect(first.requests.map(({ method }) => method)).toEqual(['OPTIONS', 'POST', 'OPTIONS', 'POST']);
  });

  it('changes nothing when a hub name is not valid', async () => {
    const handler = await Webhook.start(resources);
    const service = await startService(resources, {
      hubs: { chat: [{ urlTemplate: handler.url, eventPattern: '*' }] },
    });
    expect(() => service.configure({ chat: [], '1 hub': [] })).toThrow("'1 hub' is not a valid hub name");
    const { client } = await connect(resources, service);
    await client.sendEvent('a', 'x', 'text');
    expect(handler.requests).toHaveLength(2);
  });
});

describe('watching the configuration file', () => {
  async function watched(): Promise<{ path: string; texts: string[] }> {
    const path = join(await temporaryFolder(resources), 'config.json');
    await writeFile(path, 'one');
    const texts: string[] = [];
    watch(path, 'one', texts);
    return { path, texts };
  }

  function watch(path: string, knownText: string, texts: string[]): void {
    const onBlind = (reason: string): never => expect.unreachable(reason);
    const listener = { onText: (text: string) => texts.push(text), onBlind };
    resources.add(new ConfigFileWatch(path, knownText, listener), (each) => each.close());
  }

  it('tells of a new content, whether it was written into the file or put into its place', async () => {
    const { path, texts } = await watched();
    await writeFile(path, 'two');
    await until(() => texts.includes('two'), 'the content that was written');
    await writeFile(`${path}.new`, 'three');
    await rename(`${path}.new`, path);
    await until(() => texts.includes('three'), 'the content that was put into its place');
    expect(texts).toEqual(['two', 'three']);
  });

  it('tells of a change that came before the watch', async () => {
    const { path } = await watched();
    const texts: string[] = [];
    watch(path, 'zero', texts);
    await until(() => texts.length > 0, 'the content that was there already');
    expect(texts).toEqual(['one']);
  });

  it('says nothing about the same content, an empty file, or a file that is gone', async () => {
    const { path, texts } = await watched();
    await writeFile(path, 'one');
    await writeFile(path, '');
    await rm(path);
    await writeFile(path, 'two');
    await until(() => texts.length > 0, 'the content after all that');
    expect(texts).toEqual(['two']);
  });

  it('says so when the folder cannot be watched', () => {
    const reasons: string[] = [];
    const onText = (): never => expect.unreachable('there is no file');
    const listener = { onText, onBlind: (reason: string) => reasons.push(reason) };
    const watch = new ConfigFileWatch('/nowhere/config.json', '', listener);
    watch.close();
    expect(reasons).toEqual([
      expect.stringContaining("'/nowhere/config.json' cannot be watched for changes"),
    ]);
  });
});
