import { afterEach, describe, expect, it } from 'vitest';
import { loadEntryPoints } from '../../../../../local/emulators/functions-host/app/entry-points.ts';
import { readHostJson } from '../../../../../local/emulators/functions-host/functions/host-json.ts';
import { KeyCheck, parseHostKeys } from '../../../../../local/emulators/functions-host/functions/keys.ts';
import { type BuiltApp, writeApp } from '../built-app.ts';

const apps: BuiltApp[] = [];
afterEach(() => {
  for (const app of apps.splice(0)) app.remove();
});
const folderWith = (files: Readonly<Record<string, string>>): string => {
  const app = writeApp(files);
  apps.push(app);
  return app.folder;
};

describe('host.json', () => {
  const read = (text: string) => readHostJson(folderWith({ 'host.json': text }));

  it('gives the route prefix, "api" by default, without slashes at its ends', () => {
    expect(read('{"version":"2.0"}').routePrefix).toBe('api');
    expect(read('{"version":"2.0","extensions":{"http":{"routePrefix":"/v1/"}}}').routePrefix).toBe('v1');
    expect(read('{"version":"2.0","extensions":{"http":{"routePrefix":""}}}').routePrefix).toBe('');
  });

  it('gives how long an invocation may take, without a limit by default', () => {
    expect(read('{"version":"2.0","functionTimeout":"00:05:00"}').functionTimeoutMs).toBe(300_000);
    expect(read('{"version":"2.0","functionTimeout":"-1"}').functionTimeoutMs).toBeUndefined();
    expect(read('{"version":"2.0"}').functionTimeoutMs).toBeUndefined();
  });

  it('gives the level of a function: the most specific entry wins, information by default', () => {
    const { logLevelOf } = read(
      '{"version":"2.0","logging":{"logLevel":{"default":"Error","Function":"Warning","Function.a":"Debug","Function.b.User":"Trace"}}}',
    );
    expect(['a', 'B', 'c', undefined].map((name) => logLevelOf(name))).toEqual([
      'debug',
      'trace',
      'warning',
      'error',
    ]);
    expect(read('{"version":"2.0"}').logLevelOf('a')).toBe('information');
    expect(logLevelOf('b', 'system'), '".User" is of what the function itself logs').toBe('warning');
  });

  it.each([
    ['x', /Unable to parse host configuration file '.*host.json'/],
    ['[]', /Unable to parse host configuration file '.*host.json'/],
    ['{"version":"2.0","functionTimeout":"5m"}', /functionTimeout must be "hh:mm:ss" or "-1", not "5m"/],
    ['{"functionTimeout":"-1"}', /The host.json file is missing the required 'version' property/],
    ['{"version":"1.0"}', /'1.0' is an invalid value for host.json 'version' property/],
    ['{"version":"2.0","extensions":{"http":{"routePrefix":1}}}', /routePrefix must be a string/],
    [
      '{"version":"2.0","logging":{"logLevel":{"default":"loud"}}}',
      /logLevel.default is "loud", which is no log level/,
    ],
  ])('%s is refused', (text, sentence) => {
    expect(() => read(text)).toThrow(sentence);
  });

  it('names settings that have no effect, its own and those of the app', () => {
    const folder = folderWith({ 'host.json': '{"version":"2.0","retry":{}}' });
    const { ignored } = readHostJson(folder, { languageWorkers__node__arguments: '--trace-gc' });
    expect(ignored).toEqual(['retry in host.json', 'the setting languageWorkers__node__arguments']);
  });
});

describe('entry points', () => {
  it.each([
    ['no main', '{}', /package.json has no "main"/],
    [
      'a file that does not exist',
      '{"main":"dist/none.js"}',
      /unable to load entry point "dist\/none.js": Found zero files matching.*; is the app built\?/,
    ],
    ['a glob that finds nothing', '{"main":"dist/*.none"}', /"dist\/\*.none": Found zero files/],
    ['a folder', '{"main":"dist"}', /"dist": Found zero files/],
  ])('%s', async (_name, packageJson, sentence) => {
    const folder = folderWith({ 'package.json': packageJson, 'dist/main.cjs': '' });
    await expect(loadEntryPoints(folder)).rejects.toThrow(sentence);
  });
});

describe('keys', () => {
  it.each([
    ['missing', undefined, 'FUNCTIONS_HOST_KEYS is not set'],
    ['no JSON', '{"master":"very-secret', 'FUNCTIONS_HOST_KEYS is not JSON'],
    ['no object', '["very-secret"]', 'must be a JSON object'],
    ['without a master key', '{"host":{}}', '"master" must be a non-empty string'],
    [
      'with an empty key',
      '{"master":"very-secret","host":{"default":""}}',
      '"host.default" must be a non-empty',
    ],
    ['with a list of keys', '{"master":"very-secret","system":["k"]}', '"system" must be an object'],
    ['of an unknown kind', '{"master":"very-secret","users":{}}', '"users" is no kind of key'],
  ])('that are %s are refused, and never quoted', (_name, text, sentence) => {
    expect(() => parseHostKeys(text)).toThrow(sentence);
    expect(() => parseHostKeys(text)).not.toThrow('very-secret');
  });

  it('of a function are found without regard to the case of its name', () => {
    const keys = new KeyCheck(parseHostKeys('{"master":"m","function":{"Echo":{"default":"k"}}}'));
    expect(keys.opensFunction('echo', 'k')).toBe(true);
    expect(keys.opensFunction('other', 'k')).toBe(false);
    expect(keys.isMaster('k')).toBe(false);
  });
});
