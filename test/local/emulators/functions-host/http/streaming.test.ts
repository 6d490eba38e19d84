import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../../support/until.ts';
import { type BuiltApp, buildApp } from '../built-app.ts';
import { type HostProcess, startHost } from '../host-process.ts';

const HOST_JSON = '{"version":"2.0","logging":{"logLevel":{"Host":"Debug"}}}';

let app: BuiltApp;
let host: HostProcess;

beforeAll(async () => {
  app = await buildApp('streaming', { 'host.json': HOST_JSON });
  host = await startHost(app.folder, { env: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '20000000' } });
});

afterAll(async () => {
  await host?.stop();
  app?.remove();
});

it('passes an answer on piece by piece, once it has the whole request', async () => {
  const request = httpRequest(`${host.url}/api/upper/Tag%201?q=a%20b`, { method: 'POST' });
  let isAnswered = false;
  const answered = once(request, 'response').finally(() => (isAnswered = true));
  request.write('first ');
  await fetch(`${host.url}/api/plain`);
  expect(isAnswered).toBe(false);
  request.end('second');
  const [response] = (await answered) as [IncomingMessage];
  expect(response.statusCode).toBe(202);
  expect(response.headers).toMatchObject({ 'x-tag': 'Tag 1', 'x-query': 'a b' });
  expect(await text(response)).toBe('FIRST SECOND');
});

it('gives the function the address that the client asked for', async () => {
  const response = await fetch(`${host.url}/api/plain?x=1`);
  expect(await response.text()).toBe(`${host.url}/api/plain?x=1`);
});

/** Sees that a request has no answer after this is in the log, and lets its client go. */
async function expectNoAnswer(path: string, sign: string): Promise<void> {
  const client = new AbortController();
  let isAnswered = false;
  const answered = fetch(host.url + path, { signal: client.signal }).then(
    () => (isAnswered = true),
    () => {},
  );
  await until(() => host.output().includes(sign), `the log to say: ${sign}`);
  expect((await fetch(`${host.url}/api/plain`)).status, 'others are served').toBe(200);
  expect(isAnswered).toBe(false);
  client.abort();
  await answered;
}

describe('a request whose function gives no answer that can be sent waits until its client leaves', () => {
  it.each([
    ['throws', '/api/throws', 'nothing is ever written on the socket'],
    ['returns nothing', '/api/nothing', 'has run'],
    ['has a status that there is not', '/api/badStatus', 'RangeError'],
    ['has a header that cannot be sent', '/api/badHeader', 'Invalid character in header content'],
  ])('the function %s', (_, path, sign) => expectNoAnswer(path, sign));

  it('and the invocation has failed then', async () => {
    const failure = /error nothing\[.*\(Failed, .*\n.*the client has gone/;
    await until(() => failure.test(host.output()), 'the failure in the log');
  });
});

it('leaves an answer open whose function fails in the middle of it', async () => {
  const client = new AbortController();
  const response = await fetch(`${host.url}/api/breaksOff`, { signal: client.signal });
  expect(response.status).toBe(200);
  let isOver = false;
  const over = response.text().then(
    () => (isOver = true),
    () => {},
  );
  await fetch(`${host.url}/api/breakOff`);
  await until(() => host.output().includes('and no further'), 'the failure in the log');
  await fetch(`${host.url}/api/plain`);
  expect(isOver, 'the client cannot see that nothing more comes').toBe(false);
  client.abort();
  await over;
});

it('tells no function that its client has left, and logs the invocation as failed once it has ended', async () => {
  const client = new AbortController();
  const response = await fetch(`${host.url}/api/breaksOff?late=1`, { signal: client.signal });
  client.abort();
  await expect(response.text()).rejects.toThrow();
  await fetch(`${host.url}/api/plain`);
  const failure = /error breaksOff\[.*\(Failed, .*\n.*the client has gone/;
  expect(host.output(), 'the function runs on').not.toMatch(failure);
  await fetch(`${host.url}/api/breakOff`);
  await until(() => failure.test(host.output()), 'the failure in the log');
});

it('is stuck with a long body once the function leaves off to read it', async () => {
  const request = httpRequest(`${host.url}/api/readsNoFurther`, { method: 'POST' });
  let isAnswered = false;
  request.once('response', () => (isAnswered = true)).on('error', () => {});
  request.end(Buffer.alloc(20_000_000));
  await until(() => host.output().includes('has read enough'), 'the function to leave off');
  await fetch(`${host.url}/api/plain`);
  expect(isAnswered, 'though it has answered 413').toBe(false);
  request.destroy();
});

const seen = async (path: string, headers: Record<string, string> = {}): Promise<unknown> =>
  (await fetch(`${host.url}/api/seen/${path}`, { headers })).json();

describe('what a function sees of the address', () => {
  it('has the values of the query among those of the route, which come first', async () => {
    expect(await seen('here?id=there&other=1&code=key&other=2')).toMatchObject({
      params: { id: 'here', other: '1,2' },
    });
    expect(await seen('here?ID=there'), 'names differ by more than case').toMatchObject({
      params: { ID: 'here' },
    });
  });

  it('has no headers, or made-up ones, where the query has a parameter of this name', async () => {
    expect(await seen('here', { 'x-header': 'sent' })).toMatchObject({ header: 'sent' });
    expect(await seen('here?headers=x', { 'x-header': 'sent' })).toMatchObject({ header: null });
    const madeUp = encodeURIComponent('{"x-header":"made up"}');
    expect(await seen(`here?Headers=${madeUp}`)).toMatchObject({ header: 'made up' });
  });

  it('is decoded and encoded again, but for an encoded slash', async () => {
    expect(await seen('a%2Fb')).toMatchObject({
      params: { id: 'a%2Fb' },
      url: `${host.url}/api/seen/a%252Fb`,
    });
    expect(await seen('%2B1%20%40%5c%c3%a9')).toMatchObject({
      params: { id: '+1 @\\é' },
      url: `${host.url}/api/seen/+1%20@%5C%C3%A9`,
    });
  });
});

it('listens for streams on every interface, as the library does', async () => {
  const [, port] = /HTTP streaming: the app listens on http:\/\/localhost:(\d+)/.exec(host.output()) ?? [];
  const socket = connect({ host: '127.0.0.2', port: Number(port) });
  await once(socket, 'connect');
  socket.destroy();
});

it('gives no answer to a request with more than 16 KB of headers, and ends the process at functionTimeout', async () => {
  const files = { 'host.json': '{"version":"2.0","functionTimeout":"00:00:01"}' };
  const impatient = await buildApp('streaming', files);
  const process = await startHost(impatient.folder);
  const headers = (length: number): RequestInit => ({ headers: { 'x-long': 'x'.repeat(length) } });
  expect((await fetch(`${process.url}/api/plain`, headers(15_000))).status).toBe(200);
  expect((await fetch(`${process.url}/api/plain`, headers(40_000))).status, "the host's own bound").toBe(431);
  await expect(fetch(`${process.url}/api/plain`, headers(20_000))).rejects.toThrow();
  expect(await process.ended()).toBe(1);
  expect(process.output()).toContain(
    "Timeout value of 00:00:01 exceeded by function 'Functions.plain' (Id: '",
  );
  impatient.remove();
});

it('delivers a whole answer even when the function did not read the request', async () => {
  const response = await fetch(`${host.url}/api/ignoresBody`, { method: 'POST', body: 'y'.repeat(900) });
  expect((await response.text()).length).toBe(500_000);
});

it('answers 500 for a body that is announced to be over the limit', async () => {
  const headers = { 'content-length': '20000001' };
  const request = httpRequest(`${host.url}/api/upper/t`, { method: 'POST', headers });
  request.on('error', () => {});
  request.write('x');
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(500);
  request.destroy();
});

it('answers 500 for a body that grows past the limit without having been announced', async () => {
  const request = httpRequest(`${host.url}/api/upper/t`, { method: 'POST' });
  request.on('error', () => {});
  request.write('x'.repeat(30_000_000));
  request.end('x');
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(500);
});

it('does not match a route any less strictly', async () => {
  expect((await fetch(`${host.url}/api/upper/a/b`, { method: 'POST' })).status).toBe(404);
});
