import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../../support/until.ts';
import { type BuiltApp, buildApp } from '../built-app.ts';
import { type HostProcess, startHost } from '../host-process.ts';

let app: BuiltApp;
let host: HostProcess;

beforeAll(async () => {
  app = await buildApp('streaming');
  host = await startHost(app.folder, { args: ['--strict'] });
});

afterAll(async () => {
  await host?.stop();
  app?.remove();
});

const sentence = (name: string, reason: string): string =>
  `the function ${name} hangs, as it would in Azure: ${reason}`;

describe('a strict host answers 502 with the reason where Azure leaves a request without an answer', () => {
  it.each([
    ['throws', 'the function failed and nobody answers for it: Error: nothing is ever written on the socket'],
    ['nothing', 'the function returned no response'],
    [
      'badHeader',
      'the function failed and nobody answers for it: TypeError [ERR_INVALID_CHAR]: Invalid character in header content ["x-bad"]',
    ],
  ])('for the function %s', async (name, reason) => {
    const response = await fetch(`${host.url}/api/${name}`);
    expect([response.status, await response.text()]).toEqual([502, sentence(name, reason)]);
    await until(() => host.output().includes(reason), 'the reason in the log');
  });

  it('for more than 16 KB of headers', async () => {
    const response = await fetch(`${host.url}/api/plain`, { headers: { 'x-long': 'x'.repeat(20_000) } });
    const reason = "the app's own server answered 431 before the function could see the request";
    expect([response.status, await response.text()]).toEqual([502, sentence('plain', reason)]);
  });

  it('for a long body of which the function leaves the rest unread', async () => {
    const request = httpRequest(`${host.url}/api/readsNoFurther`, { method: 'POST' });
    request.on('error', () => {});
    request.end(Buffer.alloc(20_000_000));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const reason = 'the function has answered and left the rest of a long body unread';
    expect([response.statusCode, await text(response)]).toEqual([502, sentence('readsNoFurther', reason)]);
    request.destroy();
  });
});

it('cuts off an answer that fails in the middle', async () => {
  const response = await fetch(`${host.url}/api/breaksOff`);
  const cut = expect(response.text()).rejects.toThrow();
  await fetch(`${host.url}/api/breakOff`);
  await cut;
  const reason = 'the function failed in the middle of its answer: Error: and no further';
  await until(() => host.output().includes(reason), 'the reason in the log');
});

it('serves what does not hang as ever', async () => {
  const body = 'y'.repeat(2_000_000);
  const ignored = await fetch(`${host.url}/api/ignoresBody`, { method: 'POST', body });
  expect([ignored.status, (await ignored.text()).length]).toEqual([200, 500_000]);
  const read = await fetch(`${host.url}/api/upper/t`, { method: 'POST', body });
  expect([read.status, (await read.text()).length]).toEqual([202, body.length]);
});
