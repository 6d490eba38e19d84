import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../../../support/until.ts';
import { type BuiltApp, buildApp } from '../built-app.ts';
import { type HostProcess, startHost } from '../host-process.ts';

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

/** What a function was told, as soon as it has run. */
const first = (name: string): Promise<Tick[]> =>
  until(async () => {
    const all = await ticks(name);
    return all.length > 0 && all;
  }, `the function ${name} to run`);

const run = (name: string, init: RequestInit = {}) =>
  fetch(`${host.url}/admin/functions/${name}`, {
    method: 'POST',
    body: '{"input":""}',
    headers: { 'x-functions-key': 'master-key', 'content-type': 'application/json' },
    ...init,
  });

it('runs a function on its schedule', async () => {
  // A process that was held up for a second runs the function late, and says so: others are in time.
  const inTime = await until(
    async () => (await ticks('everySecond')).slice(1).find(({ timer }) => !timer.isPastDue),
    'the function to run in time, not for the first time',
    10_000,
  );
  expect(inTime.timer).toEqual({
    isPastDue: false,
    schedule: { adjustForDST: true },
    // A schedule of less than a minute is not monitored.
    scheduleStatus: null,
  });
});

it('runs a disabled function only by hand', async () => {
  await until(async () => (await ticks('everySecond')).length > 1, 'two seconds that begin', 10_000);
  expect(await ticks('disabledTick')).toEqual([]);
  expect((await run('disabledTick')).status).toBe(202);
  expect(await first('disabledTick')).toHaveLength(1);
});

it('runs a function at the start when it asks for it', async () => {
  expect(await first('atStart')).toHaveLength(1);
});

it('runs a function that the master key asks for, and tells it when it comes next', async () => {
  expect((await run('yearly')).status).toBe(202);
  const [tick, ...others] = await first('yearly');
  expect(others).toEqual([]);
  expect(tick?.timer.isPastDue).toBe(false);
  expect(tick?.timer.scheduleStatus).toMatchObject({
    last: '0001-01-01T00:00:00+00:00',
    // The schedule stands in a setting that the function names as %YEARLY%.
    next: expect.stringMatching(/^\d{4}-01-01T05:30:00.000Z$/),
  });
});

it('hands the given text to an Event Grid function, parsed when it is JSON', async () => {
  expect((await run('onEvent', { body: JSON.stringify({ input: '{"id":"by hand"}' }) })).status).toBe(202);
  const recorded = async (): Promise<string> => (await fetch(`${host.url}/api/recorded`)).text();
  await until(async () => (await recorded()).includes('{"id":"by hand"}'), 'the event given by hand');
});

it('answers 202 even when the function fails, whose end is in the log alone', async () => {
  const input = JSON.stringify({ input: '{"data":{"fail":true}}' });
  expect((await run('onEvent', { body: input })).status).toBe(202);
  await until(() => host.output().includes('this event cannot be handled'), 'the failure in the log');
});

it('refuses to run functions without the master key, unknown ones, HTTP ones, and without an object', async () => {
  const withKey = async (key: string): Promise<number> =>
    (await run('yearly', { headers: { 'x-functions-key': key } })).status;
  expect(await Promise.all(['', 'wrong', 'host-key', 'eventgrid-key'].map(withKey))).toEqual([
    401, 401, 403, 403,
  ]);
  expect((await run('nobody')).status).toBe(404);
  expect((await run('yearly', { body: 'not JSON' })).status).toBe(400);
  const http = await run('echo');
  expect([http.status, await http.text()]).toEqual([
    501,
    'not supported: running the HTTP function "echo" from here',
  ]);
});

it('says what it does not have at the addresses for administrators to the master key alone', async () => {
  const ask = (path: string, key = 'master-key') => fetch(`${host.url}${path}?code=${key}`);
  expect((await ask('/admin/host/status', 'host-key')).status).toBe(403);
  const other = await ask('/admin/host/keys');
  expect([other.status, await other.text()]).toEqual([501, 'not supported: GET /admin/host/keys']);
});
