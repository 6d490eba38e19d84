import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { directoryRoutes, findNumber, makeDirectory } from '../../../../local/run/stack/directory.ts';
import { freePorts, PART_NAMES, portsWithOffset } from '../../../../local/run/stack/ports.ts';
import { makeSecrets } from '../../../../local/run/stack/secrets.ts';
import { startTestSystem } from '../../../support/system.ts';
import { until } from '../../../support/until.ts';
import { wholeSystemRun } from '../../../support/whole-system-run.ts';

const PARENT = fileURLToPath(new URL('../../../fixtures/stack-parent.ts', import.meta.url));

it('says in one sentence which port is taken and what to do, and leaves no part running', async () => {
  const ports = await freePorts();
  const squatter = createServer().listen(ports.webPubSub, '127.0.0.1');
  await once(squatter, 'listening');
  await expect(startTestSystem({ ports })).rejects.toThrow(
    `Web PubSub: port ${ports.webPubSub} is already taken; stop what uses it, or choose another port (--port, --port-offset)`,
  );
  squatter.close();
  for (const part of PART_NAMES)
    expect(await isOpen(ports[part]), `something listens on the port of ${part}`).toBe(false);
});

it('ends every part when the parent is killed', async () => {
  const drawn = await freePorts();
  const product = wholeSystemRun()?.product;
  const parent = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', PARENT, JSON.stringify({ ports: drawn, product })],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(createInterface({ input: parent.stdout }), 'line');
  const ports = Object.values(drawn);
  for (const port of ports) expect(await isOpen(port), `port ${port} before the parent is killed`).toBe(true);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  for (const port of ports)
    await until(async () => !(await isOpen(port)), `port ${port} closed after the parent was killed`);
});

it('moves every port by the offset', () => {
  expect(portsWithOffset(1_000)).toMatchObject({
    control: 8071,
    worker: 8072,
    webPubSub: 9080,
    acs: 9070,
    relay: 9090,
  });
});

it('makes different secrets at every start', () => {
  const [one, other] = [Object.values(makeSecrets()), Object.values(makeSecrets())];
  expect(one.filter((secret) => other.includes(secret))).toEqual([]);
});

it('gives each worker its numbers, and a route to each number', () => {
  const listen = { mode: 'chunk', ms: 60 } as const;
  const directory = makeDirectory([
    { name: 'one', listen },
    { name: 'two', listen },
  ]);
  expect(new Set(directory.map((entry) => entry.number)).size).toBe(8);
  const number = findNumber(directory, 'two', 'pcm24KMono');
  expect(directoryRoutes(directory)).toContainEqual({
    name: 'two-pcm24KMono',
    match: { to: number },
    format: 'pcm24KMono',
    startStreaming: true,
    dtmf: true,
    workers: [{ name: 'two', listen }],
  });
  const many = Array.from({ length: 21 }, (_, i) => ({ name: `worker-${i}`, listen }));
  expect(() => makeDirectory(many)).toThrow(
    'the local directory has numbers for 20 workers, this app has 21',
  );
});

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
