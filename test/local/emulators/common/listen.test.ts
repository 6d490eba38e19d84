import { request } from 'node:http';
import { expect, it } from 'vitest';
import { listen } from '../../../../local/emulators/common/listen.ts';

it('keeps idle connections for minutes, so that clients close them and no request meets a closing one', async () => {
  const { server, url, stop } = await listen('127.0.0.1', 0, undefined);
  server.on('request', (_, response) => response.end());
  const { headers } = await fetch(url);
  await stop();
  expect(headers.get('keep-alive')).toBe('timeout=120');
});

it('answers a client that offers another protocol with HTTP, and leaves a WebSocket to its event', async () => {
  const { server, url, stop } = await listen('127.0.0.1', 0, undefined);
  server.on('request', (_, response) => response.end());
  server.on('upgrade', (_, connection) => connection.end('HTTP/1.1 418 Teapot\r\ncontent-length: 0\r\n\r\n'));
  const statusOf = (upgrade: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      request(url, { agent: false, headers: { connection: 'Upgrade', upgrade } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
  expect(await statusOf('h2c')).toBe(200);
  expect(await statusOf('websocket')).toBe(418);
  await stop();
});
