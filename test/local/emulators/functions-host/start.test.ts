import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../support/until.ts';
import { type BuiltApp, buildApp, writeApp } from './built-app.ts';
import { type EndedProcess, type ProcessOptions, startHost, startRefused } from './host-process.ts';

const apps: BuiltApp[] = [];

afterEach(() => {
  for (const app of apps.splice(0)) app.remove();
});

/** An app that is not bundled and reaches `@azure/functions` in node_modules. */
function plainApp(body: string, files: Readonly<Record<string, string>> = {}): BuiltApp {
  const app = writeApp({
    'dist/main.cjs': `const { app } = require('@azure/functions');\n${body}\n`,
    ...files,
  });
  apps.push(app);
  return app;
}

async function refusal(
  body: string,
  files?: Record<string, string>,
  options?: ProcessOptions,
): Promise<EndedProcess> {
  return startRefused(['--app', plainApp(body, files).folder, '--port', '0'], options);
}

const ok = `async () => ({ body: 'ok' })`;

describe('an app that starts', () => {
  const answers = async (app: BuiltApp, ...paths: readonly string[]): Promise<string[]> => {
    const host = await startHost(app.folder);
    try {
      const said: string[] = [];
      for (const path of paths) {
        const response = await fetch(host.url + path);
        said.push(`${response.status} ${await response.text()}`);
      }
      return said;
    } finally {
      await host.stop();
    }
  };

  it('may be an ES module, with any number of entry points behind a glob', async () => {
    const source = (name: string) =>
      `import { app } from '@azure/functions';\napp.http('${name}', { handler: async () => ({ body: '${name}' }) });\n`;
    const app = plainApp('', {
      'package.json': '{"type":"module","main":"dist/functions/{one,two}.js"}',
      'dist/functions/one.js': source('one'),
      'dist/functions/two.js': source('two'),
      'dist/functions/three.js': 'throw new Error("not named by main");',
    });
    expect(await answers(app, '/api/two', '/api/one')).toEqual(['200 two', '200 one']);
  });

  it('need not be bundled, and takes the route prefix from host.json', async () => {
    const app = plainApp(`app.http('hello', { handler: ${ok} });`, {
      'host.json': '{"version":"2.0","extensions":{"http":{"routePrefix":"v1/rest"}}}',
    });
    expect(await answers(app, '/v1/rest/hello')).toEqual(['200 ok']);
  });

  it('has no home page where the route prefix is empty and a function is there', async () => {
    const root = plainApp(
      `app.http('root', { route: '{*path}', handler: ${ok} });
      app.http('hello', { handler: async () => ({ body: 'hello' }) });`,
      { 'host.json': '{"version":"2.0","extensions":{"http":{"routePrefix":""}}}' },
    );
    expect(await answers(root, '/', '/hello')).toEqual(['200 ok', '200 hello']);
  });

  it('has no home page when a setting says so, and shows quieter messages when host.json asks for them', async () => {
    const app = plainApp(
      `app.http('hello', { handler: async (_, context) => { context.debug('psst'); return {}; } });`,
      {
        'host.json': '{"version":"2.0","logging":{"logLevel":{"Function.hello":"Debug"}}}',
      },
    );
    const host = await startHost(app.folder, { env: { AzureWebJobsDisableHomepage: 'true' } });
    expect((await fetch(host.url)).status).toBe(204);
    await fetch(`${host.url}/api/hello`);
    await until(() => /debug hello\[.*\] psst/.test(host.output()), 'the quiet message in the log');
    await host.stop();
  });

  it('is told of settings in host.json that have no effect here, and of having registered nothing', async () => {
    const app = plainApp('', { 'host.json': '{"version":"2.0","retry":{}}' });
    const host = await startHost(app.folder);
    await host.stop();
    expect(host.output()).toContain('not supported: retry in host.json has no effect here');
    expect(host.output()).toContain('No job functions found. ');
  });
});

describe('an app that does not start', () => {
  it.each([
    ['queueTrigger', `app.storageQueue('late', { queueName: 'q', connection: 'C', handler: ${ok} });`],
  ])('uses a %s', async (type, body) => {
    const { code, output } = await refusal(body);
    expect(code).toBe(1);
    expect(output).toBe(
      `functions-host: function "late": triggers of type "${type}" are not supported; the local host runs HTTP, Event Grid and timer triggers\n`,
    );
  });

  it.each([
    [
      'an error while it loads',
      `throw new Error('no good');`,
      'Worker was unable to load entry point "dist/main.cjs": no good',
    ],
    [
      'a hook that fails at the start',
      `app.hook.appStart(() => { throw new Error('not today'); });`,
      'not today',
    ],
    [
      'an unknown hook',
      `require('@azure/functions-core').registerHook('lunch', () => {});`,
      'Unrecognized hook "lunch"',
    ],
  ])('has %s', async (_name, body, sentence) => {
    const { code, output } = await refusal(body);
    expect(output).toContain(sentence);
    expect(output, 'one sentence, no stack').toMatch(/^functions-host: [^\n]+\n$/);
    expect(code).toBe(1);
  });

  it('is not where --app says, or --app is missing', async () => {
    expect((await startRefused(['--app', '/nowhere', '--port', '0'])).output).toContain(
      'there is no function app in /nowhere',
    );
    expect((await startRefused(['--port', '0'])).output).toContain(
      '--app <folder of the function app> is missing',
    );
  });
});

it('does not start without keys, and says what they look like', async () => {
  const { code, output } = await refusal('', {}, { keys: '' });
  expect(output).toContain('FUNCTIONS_HOST_KEYS is not set');
  expect(output).toContain('{"master":"…"');
  expect(code).toBe(1);
});

it('a port that is taken is named', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  const { output } = await startRefused(['--app', plainApp('').folder, '--port', String(port)]);
  taken.close();
  expect(output).toContain(`port ${port} is already taken`);
});

it('a port that is no port is refused', async () => {
  const { output } = await startRefused(['--app', plainApp('').folder, '--port', '70000']);
  expect(output).toContain('--port must be a whole number from 0 to 65535, not "70000"');
});

describe('the end of a process', () => {
  it('comes with an error that nobody catches, and status 1', async () => {
    const app = await buildApp('main');
    apps.push(app);
    const host = await startHost(app.folder, { env: { YEARLY: '0 0 0 1 1 *' } });
    await expect(fetch(`${host.url}/api/crash`)).rejects.toThrow();
    expect(await host.ended()).toBe(1);
    expect(host.output()).toContain('nobody catches this');
  });

  it('comes with a promise that nobody handles, and status 1', async () => {
    const app = plainApp(
      `app.http('leak', { handler: async () => { Promise.reject(new Error('lost')); return new Promise(() => {}); } });`,
    );
    const host = await startHost(app.folder);
    await expect(fetch(`${host.url}/api/leak`)).rejects.toThrow();
    expect(await host.ended()).toBe(1);
    expect(host.output()).toContain('lost');
  });

  it('comes when it is told to stop: running invocations end, hooks run, status 0', async () => {
    const app = plainApp(`
      let release;
      app.http('held', { handler: () => new Promise((resolve) => { release = () => resolve({ body: 'finished' }); console.log('holds the request'); }) });
      app.hook.appTerminate(() => console.log('the app says goodbye'));
      process.on('SIGTERM', () => setImmediate(() => release()));
    `);
    const host = await startHost(app.folder);
    const response = fetch(`${host.url}/api/held`);
    await until(() => host.output().includes('holds the request'), 'the function to hold the request');
    host.child.kill('SIGTERM');
    expect(await (await response).text()).toBe('finished');
    expect(await host.ended()).toBe(0);
    expect(host.output()).toContain('the app says goodbye');
  });
});
