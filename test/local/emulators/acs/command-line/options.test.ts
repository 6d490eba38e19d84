import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CommandLine,
  keepKeys,
  readAcsCommandLine,
} from '../../../../../local/emulators/acs/command-line/options.ts';

const KEYS = {
  ACS_ACCESS_KEY: randomBytes(32).toString('base64'),
  ACS_RESOURCE_ID: randomUUID(),
  ACS_CONTROL_TOKEN: 'token',
};

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'acs-options-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function read(args: string[], env: Record<string, string> = {}): Promise<CommandLine> {
  return readAcsCommandLine(args, { ...KEYS, ...env });
}

function file(name: string, value: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

describe('the command line of the emulator', () => {
  it('has defaults for everything but the keys', async () => {
    const { options, standAlone, caFile } = await read([]);
    expect(options).toMatchObject({
      host: '127.0.0.1',
      port: 8_070,
      accessKey: KEYS.ACS_ACCESS_KEY,
      resourceId: KEYS.ACS_RESOURCE_ID,
      controlToken: 'token',
      eventGrid: { subscriptions: [] },
      faults: { rules: [], clockSkewMs: 0 },
      behaviour: {},
    });
    expect({ standAlone, caFile, tls: options.tls, seed: options.seed }).toEqual({ standAlone: false });
  });

  it('takes numbers of the resource from flags and the environment', async () => {
    const args = ['--number', '+14255550101', '--number', '+14255550102'];
    const { options } = await read(args, { ACS_NUMBERS: '+14255550103, +14255550104' });
    expect(options.numbers).toEqual(['+14255550101', '+14255550102', '+14255550103', '+14255550104']);
  });

  it('takes faults from a file or the environment, with those of flags on top', async () => {
    const lose = { on: 'callback', fault: 'lose' };
    const path = file('faults.json', { rules: [lose], clockSkewMs: 5 });
    const fromFile = await read(['--faults', path, '--fault', 'media.lose,probability=0.1']);
    expect(fromFile.options.faults).toMatchObject({
      rules: [lose, { on: 'media', fault: 'lose', probability: 0.1 }],
      clockSkewMs: 5,
    });
    const fromEnvironment = await read(['--clock-skew-ms=-300000'], {
      ACS_FAULTS: JSON.stringify({ rules: [lose], clockSkewMs: 5 }),
    });
    expect(fromEnvironment.options.faults).toMatchObject({ rules: [lose], clockSkewMs: -300_000 });
  });

  it('takes subscriptions from a file, as JSON or from the environment', async () => {
    const subscriptions = [{ name: 'a', endpointUrl: 'http://127.0.0.1:1/' }];
    const expected = [{ name: 'a', endpoint: 'http://127.0.0.1:1/' }];
    const path = file('subscriptions.json', subscriptions);
    const fromFile = await read(['--event-grid-subscriptions', path]);
    expect(fromFile.options.eventGrid?.subscriptions).toMatchObject(expected);
    const asJson = await read(['--event-grid-subscriptions', ` ${JSON.stringify(subscriptions)}`]);
    expect(asJson.options.eventGrid?.subscriptions).toMatchObject(expected);
    const fromEnvironment = await read([], { EVENT_GRID_SUBSCRIPTIONS: JSON.stringify(subscriptions) });
    expect(fromEnvironment.options.eventGrid?.subscriptions).toMatchObject(expected);
  });

  it('writes the event log line by line', async () => {
    const path = join(folder, 'events.jsonl');
    const { options } = await read(['--event-log', path, '--seed', '7']);
    options.eventLog?.('{"a":1}');
    options.eventLog?.('{"b":2}');
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n{"b":2}\n');
    expect(options.seed).toBe('7');
  });

  it('makes a certificate for https and says whom to trust', async () => {
    const path = join(folder, 'deeper', 'ca.pem');
    const { options, caFile } = await read(['--https', '--ca-out', path]);
    expect(caFile).toBe(path);
    expect(readFileSync(path, 'utf8')).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect(options.tls?.key).toMatch(/PRIVATE KEY/);
  });

  it('makes the URL rules of the service a flag', async () => {
    const { options } = await read(['--strict', '--behaviour', 'reconnects=1']);
    expect(options.behaviour).toEqual({ strictUrls: true, reconnects: 1 });
  });

  it.each<[string[], Record<string, string>, RegExp]>([
    [[], { ACS_ACCESS_KEY: '' }, /ACS_ACCESS_KEY is missing/],
    [[], { ACS_RESOURCE_ID: '' }, /ACS_RESOURCE_ID is missing/],
    [['--port', '70000'], {}, /--port/],
    [['--event-grid-schema', 'Mine'], {}, /--event-grid-schema/],
    [['--https', '--tls-key', 'x'], {}, /--https/],
    [['--tls-key', 'x'], {}, /together/],
    [['--ca-out', 'x'], {}, /--ca-out/],
    [['--clock-skew-ms', 'much'], {}, /--clock-skew-ms/],
    [[], { ACS_FAULTS: '{' }, /ACS_FAULTS is not JSON: see line 1, column 2/],
    [[], { EVENT_GRID_SUBSCRIPTIONS: '[{}]' }, /subscriptions are invalid at 0\.name/],
  ])('refuses %j with %j', async (args, env, sentence) => {
    await expect(read(args, env)).rejects.toThrow(sentence);
  });
});

describe('the keys of an emulator that stands alone', () => {
  it('are made once, kept, and readable by their owner only', () => {
    const path = join(folder, 'a', 'keys.json');
    const made = keepKeys(path);
    expect(existsSync(path)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(keepKeys(path)).toEqual(made);
    expect(Buffer.from(made.accessKey, 'base64')).toHaveLength(64);
  });

  it('are not made up where the file holds something else', () => {
    expect(() => keepKeys(file('keys.json', '{"accessKey": 1}'))).toThrow(/delete it/);
  });
});
