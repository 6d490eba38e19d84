import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type RunningFunctionsHost,
  startFunctionsHost,
} from '../../../../local/emulators/functions-host/server.ts';
import { type BuiltApp, writeApp } from './built-app.ts';

let app: BuiltApp;
let host: RunningFunctionsHost;
const folder = process.cwd();

beforeAll(async () => {
  app = writeApp({
    'dist/main.cjs': `
      const { app } = require('@azure/functions');
      app.http('hangs', { handler: () => new Promise(() => {}) });
      app.eventGrid('events', { handler: () => {} });
    `,
  });
  host = await startFunctionsHost({
    app: app.folder,
    port: 0,
    keys: { master: 'master-key' },
    frontEndLimitMs: 50,
  });
});

afterAll(async () => {
  await host?.close();
  process.chdir(folder);
  app?.remove();
});

it('names its functions', () => {
  expect(host.functions).toEqual([
    { name: 'hangs', kind: 'http' },
    { name: 'events', kind: 'eventGrid' },
  ]);
});

it('answers 504 for a function that takes longer than the front end waits', async () => {
  const response = await fetch(`${host.url}/api/hangs`);
  expect([response.status, await response.text()]).toEqual([504, '']);
});

it('answers for the core module to everything in the process', () => {
  const require = createRequire(import.meta.url);
  expect(require('@azure/functions-core')).toMatchObject({ hostVersion: expect.stringMatching(/^4\./) });
});

it('refuses a second app in the same process', async () => {
  await expect(startFunctionsHost({ app: app.folder, port: 0, keys: { master: 'm' } })).rejects.toThrow(
    'this process already hosts a function app',
  );
});

it('closes once, and refuses connections afterwards', async () => {
  const closing = host.close();
  expect(host.close(), 'the same close').toBe(closing);
  await closing;
  await expect(fetch(host.url)).rejects.toThrow();
});
