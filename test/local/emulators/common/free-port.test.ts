import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../../local/emulators/common/free-port.ts';
import { listenOnLoopback } from '../../../support/loopback.ts';

const ANOTHER_PROCESS = new URL('../../../fixtures/port-claimer.ts', import.meta.url);

/** A range of this port alone. */
function only(port: number): { first: number; last: number } {
  return { first: port, last: port + 1 };
}

it('can be listened on, again and again', async () => {
  const port = await freePort();
  for (let time = 0; time < 2; time += 1) {
    const server = createServer();
    expect(await listenOnLoopback(server, port)).toBe(port);
    await once(server.close(), 'close');
  }
});

it('is not given a second time, though nobody listens on it', async () => {
  const port = await freePort();
  await expect(freePort(only(port))).rejects.toThrow('not enough free ports');
});

it('is not given while another process has it that does not listen on it', async () => {
  const another = fork(ANOTHER_PROCESS, { stdio: 'inherit' });
  onTestFinished(() => void another.kill('SIGKILL'));
  const [port] = (await once(another, 'message')) as [number];
  await expect(freePort(only(port))).rejects.toThrow('not enough free ports');
});

it('is not given while somebody listens on it', async () => {
  const server = createServer();
  onTestFinished(() => void server.close());
  await listenOnLoopback(server);
  const { port } = server.address() as AddressInfo;
  await expect(freePort(only(port))).rejects.toThrow('not enough free ports');
});

it('is below those that systems hand out by themselves', async () => {
  expect(await freePort()).toBeLessThan(32_768);
});
