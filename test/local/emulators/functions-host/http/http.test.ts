import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../../support/until.ts';
import { type BuiltApp, buildApp } from '../built-app.ts';
import { type HostProcess, KEYS, startHost } from '../host-process.ts';

let app: BuiltApp;
let host: HostProcess;

beforeAll(async () => {
  app = await buildApp('main');
  host = await startHost(app.folder, {
    env: {
      YEARLY: '0 30 5 1 1 *',
      FIXTURE_SETTING: 'from the environment',
      AzureWebJobs_switchedOff_Disabled: 'true',
      FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1000',
    },
  });
});

afterAll(async () => {
  await host?.stop();
  app?.remove();
});

interface Echo {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}
const json = async <T>(response: Response): Promise<T> => (await response.json()) as T;
const get = (path: string, init: RequestInit = {}): Promise<Response> => fetch(host.url + path, init);
const status = async (path: string, init: RequestInit = {}): Promise<number> =>
  (await get(path, init)).status;
const post = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  get(path, { method: 'POST', body, headers });

describe('requests and responses', () => {
  it('hands method, address, query, headers and body to the function and its answer back', async () => {
    const response = await get('/api/echo?a=1&A=2&b=x%20y&a=3&empty=', {
      method: 'PUT',
      body: 'héllo',
      headers: { 'X-Custom': 'Value', 'content-type': 'text/plain' },
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-echo')).toBe('yes');
    expect(response.headers.get('content-type')).toBe('application/json');
    const seen = await json<Echo>(response);
    expect(seen).toMatchObject({
      method: 'PUT',
      url: `${host.url}/api/echo?a=1&A=2&b=x%20y&a=3&empty=`,
      query: { a: '1,2,3', b: 'x y', empty: '' },
      body: 'héllo',
    });
    expect(seen.headers).toMatchObject({ 'x-custom': 'Value', 'content-type': 'text/plain' });
  });

  it('passes binary bodies through unchanged in both directions', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const response = await post('/api/bytes', bytes);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(bytes.toReversed()));
  });

  it('answers 500 without a body when the handler throws, and logs the reason', async () => {
    const response = await get('/api/throws');
    expect([response.status, await response.text()]).toEqual([500, '']);
    const reason =
      /error throws\[[0-9a-f-]{36}\] Executed 'Functions.throws' \(Failed, .*\n.*a secret reason/;
    await until(() => reason.test(host.output()), 'the reason of the failure in the log');
  });

  it('answers 204 when the handler returns nothing', async () => {
    expect(await status('/api/nothing')).toBe(204);
  });

  it('answers 500 when the handler returns something that is no object', async () => {
    expect(await status('/api/text')).toBe(500);
  });

  it('drops the body of an answer that cannot have one', async () => {
    const response = await get('/api/noContent');
    expect([response.status, await response.text()]).toEqual([204, '']);
  });

  it('writes cookies with the path / unless the function names another', async () => {
    const response = await get('/api/cookies');
    expect(response.headers.getSetCookie()).toEqual([
      'plain=a%20b; path=/',
      'full=1; expires=Wed, 02 Jan 2030 03:04:05 GMT; max-age=60; domain=example.test; path=/x; secure; samesite=strict; httponly',
    ]);
  });

  it('answers 500 for a body that is announced to be over the limit', async () => {
    expect(await status('/api/echo', { method: 'POST', body: 'x'.repeat(1_001) })).toBe(500);
    expect(await status('/api/echo', { method: 'POST', body: 'x'.repeat(1_000) })).toBe(201);
  });

  it('hands over an empty body, without a word, for one whose length is not announced', async () => {
    const request = httpRequest(`${host.url}/api/echo`, { method: 'POST' });
    request.write('what is written here ');
    request.end('does not arrive');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(201);
    expect(JSON.parse(await text(response))).toMatchObject({ body: '' });
  });

  it('answers 414 to a request line of more than 8 KB', async () => {
    expect(await status(`/api/echo?${'x'.repeat(9_000)}`)).toBe(414);
  });

  it('serves many requests at the same time on one event loop', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => post('/api/echo', `${index}`)),
    );
    const bodies = await Promise.all(answers.map(async (response) => (await json<Echo>(response)).body));
    expect(bodies).toEqual(Array.from({ length: 50 }, (_, index) => `${index}`));
  });
});

describe('routing', () => {
  const params = async (path: string): Promise<unknown> => {
    const response = await get(path);
    return response.status === 200 ? response.json() : response.status;
  };

  it('compares literals without regard to case and ignores one slash at the end', async () => {
    expect(await status('/API/Echo')).toBe(201);
    expect(await status('/api/echo/')).toBe(201);
    expect(await status('/api/echo//')).toBe(404);
  });

  it('fills parameters, and decodes their values', async () => {
    expect(await params('/api/greet/Ada/Countess')).toEqual({ name: 'Ada', title: 'Countess' });
    expect(await params('/api/greet/Ada')).toBe(404);
    expect(await params('/api/greet/Ada/a%20b%2Fc')).toEqual({ name: 'Ada', title: 'a b%2Fc' });
    expect(await params('/api/greet/Ada/x/y')).toBe(404);
  });

  it('gives a catch-all parameter the rest of the path', async () => {
    expect(await params('/api/files/a/b%20c/d')).toEqual({ rest: 'a/b c/d' });
    expect(await params('/api/files')).toEqual({});
  });

  it('takes the first function by name whose route fits: a catch-all hides a literal', async () => {
    expect(await (await get('/api/shadow/literal')).text()).toBe('catch-all');
  });

  it('goes on to the next function when the method is not listed, and answers 404, never 405', async () => {
    expect(await (await get('/api/shadow/literal', { method: 'POST' })).text()).toBe('post');
    const refused = await get('/api/greet/Ada/Countess', { method: 'DELETE' });
    expect([refused.status, await refused.text(), refused.headers.get('allow')]).toEqual([404, '', null]);
    expect(await status('/api/greet/Ada/Countess', { method: 'OPTIONS' })).toBe(404);
    expect(await status('/api/greet/Ada/Countess', { method: 'HEAD' })).toBe(404);
  });

  it('answers 404 without a body for a path of no function, and 200 for the home page', async () => {
    const unknown = await get('/api/no-such-function');
    expect([unknown.status, await unknown.text()]).toEqual([404, '']);
    expect(await status('/echo')).toBe(404);
    expect(await status('/')).toBe(200);
  });

  it('answers 404 for a disabled function, except with the master key', async () => {
    expect(await status('/api/switchedOff')).toBe(404);
    expect(await status(`/api/switchedOff?code=${KEYS.host.default}`)).toBe(404);
    expect(await status(`/api/switchedOff?code=${KEYS.master}`)).toBe(200);
  });
});

describe('function keys', () => {
  it.each([
    ['no key', 401, ''],
    ['a wrong key', 401, '?code=wrong'],
    ['an empty key', 401, '?code='],
    ["the function's own key", 200, '?code=secured-key'],
    ['a host key', 200, '?code=other-host-key'],
    ['the master key', 200, '?code=master-key'],
    ["another function's key", 401, '?code=masterOnly-key'],
    ['a system key', 401, '?code=eventgrid-key'],
  ])('a function of level "function" answers %s with %i', async (_name, expected, query) => {
    const response = await get(`/api/secured${query}`);
    expect(response.status).toBe(expected);
    if (expected === 401) expect(await response.text()).toBe('');
  });

  it('a function of level "admin" opens for the master key alone', async () => {
    expect(await status('/api/masterOnly?code=master-key')).toBe(200);
    expect(await status('/api/masterOnly?code=host-key')).toBe(401);
    expect(await status('/api/masterOnly?code=masterOnly-key')).toBe(401);
  });

  it('the header hides the query, even when it is empty', async () => {
    const withHeader = (key: string, query = '') =>
      status(`/api/secured${query}`, { headers: { 'x-functions-key': key } });
    expect(await withHeader('host-key')).toBe(200);
    expect(await withHeader('host-key', '?code=wrong')).toBe(200);
    expect(await withHeader('wrong', '?code=host-key')).toBe(401);
    expect(await withHeader('', '?code=host-key')).toBe(401);
  });

  it('a trigger that names no level asks for a key', async () => {
    expect(await status('/api/keyByDefault')).toBe(401);
    expect(await status('/api/keyByDefault?code=host-key')).toBe(200);
  });
});

describe('the app', () => {
  it('runs in its own folder with the settings of the environment and without the keys of its host', async () => {
    expect(await (await get('/api/facts')).json()).toMatchObject({
      cwd: app.folder,
      keys: null,
      setting: 'from the environment',
      runtime: 'node',
      hostname: new URL(host.url).host,
    });
  });

  it('runs hooks around an invocation, which may replace the handler, and share data', async () => {
    expect(await (await get('/api/hooked')).json()).toEqual({ wrapped: 'inner' });
    expect((await json<{ hookLog: string[] }>(await get('/api/facts'))).hookLog).toEqual([
      'appStart',
      'preInvocation',
      'postInvocation by the first hook',
    ]);
  });

  it('lets a postInvocation hook turn an error into a result', async () => {
    const response = await get('/api/rescued');
    expect([response.status, await response.text()]).toEqual([200, 'rescued from a fall']);
  });

  it('writes what a function logs as lines with its name and invocation, after the log hooks', async () => {
    const invocationId = await (await get('/api/says')).text();
    const line = `info  says[${invocationId}] the password is ***`;
    await until(() => host.output().includes(line), `the line "${line}"`);
    expect(host.output(), 'debug messages are below the default level').not.toContain('too quiet');
  });

  it('cannot register a function once it has started', async () => {
    expect(await status('/api/registersLate')).toBe(500);
    const reason = 'can only be registered during app startup';
    await until(() => host.output().includes(reason), `the log to say: ${reason}`);
  });
});
