import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BuiltApp, buildApp } from './built-app.ts';
import { type HostProcess, startHost } from './host-process.ts';

interface Tick {
  name: string;
  timer: {
    isPastDue: boolean;
    schedule: object;
    scheduleStatus: { last: string; next: string; lastUpdated: string } | null;
  };
}

let app: BuiltApp;
let host: HostProcess;

beforeAll(async () => {
  app = await buildApp('main');
  host = await startHost(app.folder, {
    env: { YEARLY: '0 30 5 1 1 *', AzureWebJobs_disabledTick_Disabled: '1' },
  });
});

afterAll(async () => {
  await host?.stop();
  app?.remove();
});

const ticks = async (name: string): Promise<Tick[]> => {
  const recorded = (await (await fetch(`${host.url}/api/recorded`)).json()) as { timers: Tick[] };
  return recorded.timers.filter((tick) => tick.name === name);
};

const run = (name: string, init: RequestInit = {}) =>
  fetch(`${host.url}/admin/functions/${name}`, {
    method: 'POST',
    body: '{"input":""}',
    headers: { 'x-functions-key': 'master-key', 'content-type': 'application/json' },
    ...init,
  });

it('runs a function on its schedule', async () => {
  await expect.poll(async () => (await ticks('everySecond')).length, { timeout: 10_000 }).toBeGreaterThan(1);
  const [first] = await ticks('everySecond');
  expect(first?.timer).toEqual({
    isPastDue: false,
    schedule: { adjustForDST: true },
    // A schedule of less than a minute is not monitored.
    scheduleStatus: null,
  });
});

it('runs a disabled function only by hand', async () => {
  await expect.poll(async () => (await ticks('everySecond')).length, { timeout: 10_000 }).toBeGreaterThan(1);
  expect(await ticks('disabledTick')).toEqual([]);
  expect((await run('disabledTick')).status).toBe(202);
  await expect.poll(async () => (await ticks('disabledTick')).length).toBe(1);
});

it('runs a function at the start when it asks for it', async () => {
  await expect.poll(async () => (await ticks('atStart')).length).toBe(1);
});

it('runs a function that the master key asks for, and tells it when it comes next', async () => {
  expect((await run('yearly')).status).toBe(202);
  await expect.poll(async () => (await ticks('yearly')).length).toBe(1);
  const [tick] = await ticks('yearly');
  expect(tick?.timer.isPastDue).toBe(false);
  expect(tick?.timer.scheduleStatus).toMatchObject({
    last: '0001-01-01T00:00:00+00:00',
    // The schedule stands in a setting that the function names as %YEARLY%.
    next: expect.stringMatching(/^\d{4}-01-01T05:30:00.000Z$/),
  });
});

it('hands the given text to an Event Grid function, parsed when it is JSON', async () => {
  expect((await run('onEvent', { body: JSON.stringify({ input: '{"id":"by hand"}' }) })).status).toBe(202);
  await expect
    .poll(async () => JSON.stringify(await (await fetch(`${host.url}/api/recorded`)).json()))
    .toContain('{"id":"by hand"}');
});

it('answers 202 even when the function fails, whose end is in the log alone', async () => {
  const input = JSON.stringify({ input: '{"data":{"fail":true}}' });
  expect((await run('onEvent', { body: input })).status).toBe(202);
  await expect.poll(() => host.output()).toContain('this event cannot be handled');
});

it('refuses to run functions without the master key, unknown ones, HTTP ones, and without an object', async () => {
  for (const key of ['', 'host-key', 'eventgrid-key']) {
    expect((await run('yearly', { headers: { 'x-functions-key': key } })).status).toBe(401);
  }
  expect((await run('nobody')).status).toBe(404);
  expect((await run('yearly', { body: 'not JSON' })).status).toBe(400);
  const http = await run('echo');
  expect([http.status, await http.text()]).toEqual([
    501,
    'not supported: running the HTTP function "echo" from here',
  ]);
});

it('tells its status and its functions to the master key', async () => {
  const ask = (path: string, key = 'master-key') => fetch(`${host.url}${path}?code=${key}`);
  expect(await (await ask('/admin/host/status')).json()).toMatchObject({ state: 'Running' });
  expect((await ask('/admin/host/status', 'host-key')).status).toBe(401);
  const functions = (await (await ask('/admin/functions')).json()) as { name: string }[];
  expect(functions.map(({ name }) => name)).toEqual(expect.arrayContaining(['echo', 'onEvent', 'yearly']));
  const other = await ask('/admin/host/keys');
  expect([other.status, await other.text()]).toEqual([501, 'not supported: GET /admin/host/keys']);
});
