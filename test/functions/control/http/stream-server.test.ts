import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { guardStreamServer } from '../../../../functions/control/http/stream-server.ts';
import { closeAtOnce } from '../../../support/loopback.ts';

const { createServer } = http;
const servers: http.Server[] = [];

afterEach(async () => {
  Object.assign(http, { createServer });
  for (const server of servers.splice(0)) await closeAtOnce(server);
});

/** Makes a server as `@azure/functions` does, after the guard. */
function guarded(...args: unknown[]): http.Server {
  guardStreamServer();
  const server = (http.createServer as (...args: unknown[]) => http.Server)(...args);
  servers.push(server);
  return server;
}

async function addressOf(server: http.Server): Promise<AddressInfo> {
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

describe('the server of HTTP streams', () => {
  it('listens on loopback, with or without a port', async () => {
    const first = await addressOf(guarded().listen(() => {}));
    expect(first.address).toBe('127.0.0.1');
    const free = guarded();
    const called = new Promise<void>((resolve) => void free.listen(0, resolve));
    expect((await addressOf(free)).address).toBe('127.0.0.1');
    await called;
  });

  it.each<[string, unknown[]]>([
    ['an object with a port', [{ port: 0 }]],
    ['an object with a port and no host', [{ port: 0, host: undefined }]],
    ['an object without a port', [{}]],
    ['a port and the length of its queue', [0, 16]],
    ['a port and no address', [0, undefined, () => {}]],
    ['a port as text', ['0']],
  ])('listens on loopback when it is given %s', async (_, args) => {
    const server = guarded();
    server.listen(...(args as []));
    expect((await addressOf(server)).address).toBe('127.0.0.1');
  });

  it.each<[string, unknown[]]>([
    ['in an object', [{ port: 0, host: '0.0.0.0' }]],
    ['behind the port', [0, '0.0.0.0']],
  ])('listens elsewhere when it is told where, %s', async (_, args) => {
    const server = guarded();
    server.listen(...(args as []));
    expect((await addressOf(server)).address).toBe('0.0.0.0');
  });

  it('takes as many headers as the host', async () => {
    const server = guarded((_: unknown, response: http.ServerResponse) => response.end('taken'));
    const { port } = await addressOf(server.listen());
    const ask = (length: number) =>
      fetch(`http://127.0.0.1:${port}`, { headers: { 'x-long': 'x'.repeat(length) } });
    expect(await (await ask(32_000)).text()).toBe('taken');
    expect((await ask(70_000)).status).toBe(431);
  });
});
