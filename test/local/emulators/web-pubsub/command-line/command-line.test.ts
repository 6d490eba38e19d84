import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readWebPubSubCommandLine } from '../../../../../local/emulators/web-pubsub/command-line/options.ts';
import { Resources, temporaryFolder } from '../service.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

async function fileWith(text: string): Promise<string> {
  const path = join(await temporaryFolder(resources), 'file.json');
  await writeFile(path, text);
  return path;
}

describe('the command line', () => {
  it.each([
    [['--port', 'many'], '--port must be a whole number from 0 to 65535, not "many"'],
    [['--config', '/nowhere.json'], "the configuration file '/nowhere.json' cannot be read (ENOENT)"],
    [['--user-event-failure', 'explode'], '--user-event-failure must be one of errorAck, closeConnection'],
    [['--ca-out', 'ca.pem'], '--ca-out is of use with --https only'],
    [['--tier', 'standard:3'], 'a tier is free or standard:{units} with units 1, 2, 5, 10, 20, 50, 100'],
    [['--tls-key', 'k.pem'], '--tls-key and --tls-cert must be given together'],
    [['--https', '--tls-key', 'k.pem'], '--https makes a certificate'],
    [['--faults', '/nowhere.json'], "the fault plan '/nowhere.json' cannot be read (ENOENT)"],
  ])('refuses %j in one sentence', async (args, sentence) => {
    await expect(readWebPubSubCommandLine(args, {}, 0)).rejects.toThrow(sentence);
  });

  it('refuses a file that is not JSON, by its name', async () => {
    const path = await fileWith('{');
    await expect(readWebPubSubCommandLine(['--config', path], {}, 0)).rejects.toThrow(
      `'${path}' is not JSON`,
    );
    await expect(readWebPubSubCommandLine(['--faults', path], {}, 0)).rejects.toThrow(
      `'${path}' is not JSON`,
    );
  });

  it('takes everything from flags, environment and files together', async () => {
    const config = await fileWith(
      '{"WebPubSub":{"Hubs":{"calls":{"EventHandlers":[{"EventPattern":"*"}]}}}}',
    );
    const faults = await fileWith('{"seed":"7","rules":[{"on":"recovery","fault":"refuse"}]}');
    const args = [
      '--port',
      '0',
      '--config',
      config,
      '--faults',
      faults,
      '--absent-user',
      'ok',
      '--stand-alone',
      '--tier',
      'free',
    ];
    const env = {
      WebPubSub__Hubs__calls__EventHandlers__0__UrlTemplate: 'http://127.0.0.1:1/',
      WEB_PUBSUB_CONTROL_TOKEN: 'token',
    };
    expect(await readWebPubSubCommandLine(args, env, 0)).toMatchObject({
      standAlone: true,
      config: { path: config },
      options: {
        port: 0,
        host: '127.0.0.1',
        hubs: { calls: [{ urlTemplate: 'http://127.0.0.1:1/', eventPattern: '*' }] },
        onAddAbsentUser: 'ok',
        tier: { name: 'free' },
        controlToken: 'token',
        faults: { seed: '7', rules: [{ on: 'recovery', fault: 'refuse' }] },
      },
    });
  });

  it('makes a certificate for https and writes the authority that applications must trust', async () => {
    const caFile = await fileWith('');
    const line = await readWebPubSubCommandLine(['--https', '--ca-out', caFile], {}, Date.now());
    expect(line).toMatchObject({ caFile, options: { tls: { key: expect.stringContaining('PRIVATE KEY') } } });
  });
});
