import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../../../support/until.ts';
import { type BuiltApp, buildApp } from '../built-app.ts';
import { type HostProcess, startHost } from '../host-process.ts';

let app: BuiltApp;
let host: HostProcess;

beforeAll(async () => {
  app = await buildApp('streaming');
  host = await startHost(app.folder, { env: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1000' } });
});

afterAll(async () => {
  await host?.stop();
  app?.remove();
});

it('passes pieces of the request and of the answer on as they come', async () => {
  const request = httpRequest(`${host.url}/api/upper/Tag%201?q=a%20b`, { method: 'POST' });
  request.write('first ');
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(202);
  expect(response.headers).toMatchObject({ 'x-tag': 'Tag 1', 'x-query': 'a b' });
  const [first] = (await once(response, 'data')) as [Buffer];
  expect(first.toString(), 'answered while the request is still being sent').toBe('FIRST ');
  request.end('second');
  const rest: Buffer[] = [];
  for await (const chunk of response) rest.push(chunk as Buffer);
  expect(Buffer.concat(rest).toString()).toBe('SECOND');
});

it('gives the function the address that the client asked for', async () => {
  const response = await fetch(`${host.url}/api/plain?x=1`);
  expect(await response.text()).toBe(`${host.url}/api/plain?x=1`);
});

it('answers 500 without a body when the handler throws', async () => {
  for (const init of [{}, { method: 'POST', body: 'not read by anyone' }]) {
    const response = await fetch(`${host.url}/api/throws`, init);
    expect([response.status, await response.text()]).toEqual([500, '']);
  }
});

it('cuts an answer off when the function fails in the middle of it', async () => {
  const response = await fetch(`${host.url}/api/breaksOff`);
  expect(response.status).toBe(200);
  await fetch(`${host.url}/api/breakOff`);
  await expect(response.text(), 'the client must see that the answer is not whole').rejects.toThrow();
  await until(() => host.output().includes('and no further'), 'the failure in the log');
});

it('delivers a whole answer even when the function did not read the request', async () => {
  const response = await fetch(`${host.url}/api/ignoresBody`, { method: 'POST', body: 'y'.repeat(900) });
  expect((await response.text()).length).toBe(500_000);
});

it('answers 204 when the handler returns nothing', async () => {
  expect((await fetch(`${host.url}/api/nothing`)).status).toBe(204);
});

it('answers 413 for a body that is announced to be over the limit', async () => {
  const response = await fetch(`${host.url}/api/upper/t`, { method: 'POST', body: 'x'.repeat(1_001) });
  expect(response.status).toBe(413);
});

it('answers 413 for a body that grows past the limit without having been announced', async () => {
  const request = httpRequest(`${host.url}/api/upper/t`, { method: 'POST' });
  request.on('error', () => {});
  request.write('x'.repeat(600));
  const [begun] = (await once(request, 'response')) as [IncomingMessage];
  expect(begun.statusCode, 'this answer begins before the limit is reached').toBe(202);
  request.write('x'.repeat(600));
  await expect(once(begun.resume(), 'end'), 'the request is cut off').rejects.toThrow();
});

it('does not match a route any less strictly', async () => {
  expect((await fetch(`${host.url}/api/upper/a/b`, { method: 'POST' })).status).toBe(404);
});
