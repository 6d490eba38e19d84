/** After the host of Azure Functions, 4.1037 and its sources, with the worker of Node.js beside it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawHttp } from '../../../../support/raw-http.ts';
import { until } from '../../../../support/until.ts';
import { type BuiltApp, writeApp } from '../built-app.ts';
import { type HostProcess, startHost, startRefused } from '../host-process.ts';

/** Comments are no JSON, and the host allows them. */
const HOST_JSON = `{
  // the schema's version, not the host's
  "version": "2.0", /* https://aka.ms/functions-hostjson */
  "extensions": { "HTTP": { "RoutePrefix": "api" } }
}`;

let app: BuiltApp;
let host: HostProcess;

beforeAll(async () => {
  app = writeApp({
    'host.json': HOST_JSON,
    'dist/main.cjs': `
      const { app } = require('@azure/functions');
      if (process.env.STREAMING) app.setup({ enableHttpStream: true });
      app.http('open', { handler: (request, context) => ({
        jsonBody: { url: request.url, header: request.headers.get('x-text'), trace: context.traceContext },
      }) });
      app.http('keyed', { authLevel: 'function', handler: () => ({}) });
      app.http('off', { authLevel: 'function', handler: () => ({}) });
      app.http('rest', { route: 'rest/{*path}', handler: () => ({ body: 'the rest' }) });
      app.http('latin', { handler: () => ({ headers: { 'x-name': 'Jos\\u00e9' } }) });
      app.hook.appTerminate(() => console.log('the app says goodbye'));
    `,
  });
  host = await startHost(app.folder, { env: { AzureWebJobs_off_Disabled: 'true' } });
});

afterAll(async () => {
  await host?.stop();
  app?.remove();
});

const ask = (target: string, ...headers: [string, string][]) => rawHttp(host.url, { target, headers });
const status = async (target: string, ...headers: [string, string][]): Promise<number> =>
  (await ask(target, ...headers)).status;

describe('keys', () => {
  it('are found whatever the case of the parameter, and in the first of two headers', async () => {
    expect(await status('/api/keyed?CODE=host-key')).toBe(200);
    expect(await status('/api/keyed?Code=wrong&code=host-key')).toBe(401);
    const headers: [string, string][] = [
      ['x-functions-key', 'host-key'],
      ['X-Functions-Key', 'wrong'],
    ];
    expect(await status('/api/keyed', ...headers)).toBe(200);
    expect(await status('/api/keyed', ...headers.toReversed())).toBe(401);
  });

  it('are asked for before the host says that a function is disabled', async () => {
    expect(await status('/api/off')).toBe(401);
    expect(await status('/api/off?code=host-key')).toBe(404);
    expect(await status('/api/off?code=master-key')).toBe(200);
  });

  it('open paths of the host itself: 401 with a challenge for an unknown key, 403 for one of another scope', async () => {
    for (const path of ['/admin/host/status', '/runtime/webhooks/eventgrid', '/runtime/webhooks/nobody']) {
      const unknown = await ask(`${path}?code=secured-key`);
      expect([unknown.status, unknown.headers.get('www-authenticate'), unknown.body]).toEqual([
        401,
        'Bearer',
        '',
      ]);
      expect(await status(path)).toBe(401);
      expect(await status(`${path}?code=host-key`)).toBe(403);
    }
    expect(await status('/admin/host/status?code=eventgrid-key'), 'of another scope as well').toBe(403);
    expect(await status('/runtime/webhooks/nobody?code=master-key'), 'no such extension').toBe(404);
  });

  it('are not asked for by the ping of the host, nor where nothing is', async () => {
    expect(await status('/admin/host/ping')).toBe(200);
    expect(await status('/admin/nowhere')).toBe(404);
    expect(await status('/admin')).toBe(404);
  });
});

describe("the host's own server", () => {
  it('refuses a path with %00 and two hosts with 400', async () => {
    expect(await status('/api/open%00')).toBe(400);
    expect(await status('/api/open?a=%00')).toBe(200);
    const { host: name } = new URL(host.url);
    expect(await status('/api/open', ['host', name], ['host', name])).toBe(400);
  });

  it('refuses a request line of more than 8 KB with 414, method and version included', async () => {
    const line = (length: number): string =>
      `/api/open?${'x'.repeat(length - 'GET /api/open? HTTP/1.1\r\n'.length)}`;
    expect(await status(line(8_192))).toBe(200);
    expect(await status(line(8_193))).toBe(414);
  });

  it('refuses more than 100 headers with 431', async () => {
    const headers = (count: number) =>
      Array.from({ length: count - 2 }, (_, index): [string, string] => [`x-${index}`, 'y']);
    expect(await status('/api/open', ...headers(100))).toBe(200);
    expect(await status('/api/open', ...headers(101))).toBe(431);
  });

  it('answers 500 to HTTP/1.0 without a host', async () => {
    const { hostname, port } = new URL(host.url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.write('GET /api/open HTTP/1.0\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.\d 500 /);
  });

  it('serves a target in absolute form, where it names the host of the request', async () => {
    const absolute = await ask(`${host.url}/api/open?x=1`);
    expect(JSON.parse(absolute.body)).toMatchObject({ url: `${host.url}/api/open?x=1` });
    expect(await status('http://elsewhere.test/api/open')).toBe(400);
  });

  it('reads header values as UTF-8, and refuses other bytes with 400', async () => {
    const read = await ask('/api/open', ['x-text', 'José']);
    expect(JSON.parse(read.body)).toMatchObject({ header: 'José' });
    expect(await status('/api/open', ['x-text', '日本']), "the worker's library takes Latin-1 only").toBe(
      500,
    );
    const { hostname, port, host: name } = new URL(host.url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.write(Buffer.from(`GET /api/open HTTP/1.1\r\nhost: ${name}\r\nx-text: José\r\n\r\n`, 'latin1'));
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('answers an empty 404 to two slashes in a row, even where a route takes the rest', async () => {
    expect(await status('/api/rest/a/b')).toBe(200);
    const twice = await ask('/api/rest//b');
    expect([twice.status, twice.body]).toEqual([404, '']);
  });
});

describe('answers of functions', () => {
  it('go in chunks, whatever their length', async () => {
    const { headers } = await fetch(`${host.url}/api/rest`);
    expect([headers.get('transfer-encoding'), headers.get('content-length')]).toEqual(['chunked', null]);
    const empty = await fetch(`${host.url}/api/rest`, { method: 'POST', body: '' });
    expect(await empty.text()).toBe('the rest');
  });

  it('are 500 where one of their headers is not ASCII', async () => {
    const answer = await ask('/api/latin');
    expect([answer.status, answer.body]).toEqual([500, '']);
    const why = 'Invalid non-ASCII or control character in header: 0x00E9';
    await until(() => host.output().includes(why), 'the reason in the log');
  });
});

describe('settings', () => {
  const started = async (env: Record<string, string>, check: (other: HostProcess) => Promise<void>) => {
    const other = await startHost(app.folder, { env });
    await check(other).finally(() => other.stop());
  };

  it('of the app take the place of those in host.json, and a trace is told where telemetryMode asks for it', async () => {
    interface Answer {
      trace: { traceParent: string; traceState: string };
    }
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const headers = { traceparent, tracestate: 'k=v' };
    const traced = async (url: string, init: RequestInit = {}) =>
      ((await (await fetch(url, init)).json()) as Answer).trace;
    const untold = await traced(`${host.url}/api/open`, { headers });
    expect(untold).toMatchObject({ traceParent: '', traceState: '' });
    const env = {
      AzureFunctionsJobHost__telemetryMode: 'openTelemetry',
      azurefunctionsjobhost__extensions__http__routePrefix: 'v2',
    };
    await started(env, async ({ url }) => {
      const child = await traced(`${url}/v2/open`, { headers });
      expect(child.traceParent).toMatch(/^00-a{32}-[0-9a-f]{16}-01$/);
      expect([child.traceParent === traceparent, child.traceState]).toEqual([false, 'k=v']);
      const root = await traced(`${url}/v2/open`);
      expect(root.traceParent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    });
  });

  it('name the language of the worker, and without functions in it the host stays in error', async () => {
    const env = { FUNCTIONS_WORKER_RUNTIME: 'python' };
    const { code, output } = await startRefused(['--app', app.folder, '--port', '0'], { env });
    expect([code, output]).toEqual([
      1,
      expect.stringContaining('Did not find functions with language [python].'),
    ]);
  });
});

it('has no Event Grid trigger without the extension bundle', async () => {
  const bare = writeApp({
    'host.json': '{"version":"2.0"}',
    'dist/main.cjs': `require('@azure/functions').app.eventGrid('calls', { handler: () => {} });`,
  });
  const { code, output } = await startRefused(['--app', bare.folder, '--port', '0']);
  bare.remove();
  expect(code).toBe(1);
  expect(output).toContain(
    "The binding type(s) 'eventGridTrigger' are not registered. Please ensure the type is correct and the binding extension is installed",
  );
});

it('serves on after SIGTERM where that is asked for, and ends by SIGINT without a hook of the app', async () => {
  const other = await startHost(app.folder, { args: ['--stop', 'azure'] });
  for (let times = 1; times <= 2; times += 1) {
    other.child.kill('SIGTERM');
    const said = (): number => other.output().split('SIGTERM: serves on for 75 s').length - 1;
    await until(() => said() === times, 'the host to take notice');
  }
  expect((await fetch(`${other.url}/api/rest`)).status).toBe(200);
  other.child.kill('SIGINT');
  expect(await other.ended()).toBe(0);
  expect(other.output()).not.toContain('the app says goodbye');
});

it('leaves a request without an answer whose header has more than ASCII, where answers are streamed', async () => {
  const streaming = await startHost(app.folder, { env: { STREAMING: '1' } });
  const { hostname, port, host: name } = new URL(streaming.url);
  const socket = connect({ host: hostname, port: Number(port) });
  let isAnswered = false;
  socket.once('data', () => (isAnswered = true));
  socket.write(`GET /api/open HTTP/1.1\r\nhost: ${name}\r\nx-text: 日本\r\n\r\n`);
  const why = 'hangs, as it would in Azure: the header x-text is not ASCII';
  await until(() => streaming.output().includes(why), 'the reason in the log');
  expect((await fetch(`${streaming.url}/api/rest`)).status, 'others are served').toBe(200);
  expect(isAnswered).toBe(false);
  socket.destroy();
  await once(socket, 'close');
  await streaming.stop();
});
