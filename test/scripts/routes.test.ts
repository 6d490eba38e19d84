import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTables } from '../../local/emulators/storage/server.ts';
import type { RunningSystem } from '../../local/run/client/running-system.ts';
import { routesCommand } from '../../scripts/routes/command.ts';

const ROUTES = [
  { name: 'blocked', match: { from: '+1900*' }, action: 'reject', rejectReason: 'busy' },
  { name: 'night', match: { time: { timeZone: 'UTC', from: '22:00', to: '06:00' } }, action: 'ring' },
  {
    name: 'gold',
    match: { sipHeaders: { 'X-MS-Custom-Tier': 'gold' } },
    capacity: 2,
    workers: [{ name: 'robot' }],
  },
  { name: 'everyone', workers: [{ name: 'echo' }] },
];

const NOON = Date.UTC(2026, 10, 22, 12);

let folder: string;
let tables: Awaited<ReturnType<typeof startTables>>;

beforeAll(async () => {
  folder = `${mkdtempSync(join(tmpdir(), 'routes-'))}/`;
  writeFileSync(`${folder}routes.json`, JSON.stringify(ROUTES));
  tables = await startTables({ port: 0 });
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await tables.close();
});

function run(
  line: string,
  env: Record<string, string> = {},
  running?: RunningSystem | undefined,
): Promise<string> {
  return routesCommand(line.split(' '), { env, folder, nowMs: NOON, running });
}

const ENDS = '--from +14255550123 --to +18005550199';

describe('npm run routes -- explain', () => {
  it('says which route decides, and why the others do not', async () => {
    expect(
      await run(`explain ${ENDS}`),
    ).toBe(`An inbound call from +14255550123 to +18005550199 at 2026-11-22T12:00:00.000Z, by the routes of ${folder}routes.json:
  ✗ blocked   the caller is not +1900*
  ✗ night     its time window does not cover the call (in UTC it is Sun 12:00)
  ✗ gold      its SIP header X-MS-Custom-Tier is not gold
  ✓ everyone  answers the call: pcm16KMono, mixed, streams immediately, workers echo (chunk, barge-in never)
everyone answers the call: pcm16KMono, mixed, streams immediately, workers echo (chunk, barge-in never).
`);
  });

  it('takes headers, times and full routes into account', async () => {
    const verdicts = async (more: string): Promise<unknown> =>
      JSON.parse(await run(`explain ${ENDS} --json ${more}`)).map(
        (entry: { verdict: string }) => entry.verdict,
      );
    expect(await verdicts('--sip-header X-MS-Custom-Tier=gold')).toEqual([
      'no match',
      'no match',
      'decides',
      'next',
    ]);
    expect(await verdicts('--sip-header X-MS-Custom-Tier=gold --full gold')).toEqual([
      'no match',
      'no match',
      'full',
      'decides',
    ]);
    expect(await verdicts('--at 2026-11-22T23:00:00Z')).toEqual(['no match', 'decides', 'no match', 'next']);
  });

  it('says what becomes of a call that no route is for', async () => {
    expect(await run(`explain ${ENDS} --direction outbound`)).toContain(
      'No route matches: the call is not placed.',
    );
  });

  it.each([
    ['explain --to +18005550199', 'explain needs --from'],
    ['explain --from Bob --to +18005550199', '--from must be a telephone number'],
    [`explain ${ENDS} --at soon`, '--at must be a time'],
    [`explain ${ENDS} --sip-header Tier`, '--sip-header must be NAME=VALUE'],
    [`explain ${ENDS} --file /nowhere.json`, '/nowhere.json cannot be read'],
    ['set', 'set needs --file'],
    ['show --table', 'the table needs TABLES_CONNECTION_STRING'],
    ['dance', 'there is no command "dance"'],
    ['sho', 'there is no command "sho" (did you mean "show"?); there are explain, show, set, clear'],
    ['show --loud', '--loud is no option of npm run routes'],
  ])('refuses %s', async (line, sentence) => {
    await expect(run(line)).rejects.toThrow(sentence);
  });
});

describe('npm run routes -- set', () => {
  it('puts checked routes into the table, and clear takes them out', async () => {
    const env = { TABLES_CONNECTION_STRING: tables.connectionString };
    await expect(run('show --table', env)).rejects.toThrow('the table holds no routes');
    expect(await run(`set --file ${folder}routes.json`, env)).toContain('4 routes are in force now');
    expect(await run('show --table', env)).toContain('blocked: rejects the call as busy\n');
    const bad = `${folder}bad.json`;
    writeFileSync(bad, '[{"nme":"x"}]');
    await expect(run(`set --file ${bad}`, env)).rejects.toThrow('routes[0].nme is not a member');
    expect(await run('show --table', env)).toContain('everyone: answers');
    await run('clear', env);
    await expect(run('show --table', env)).rejects.toThrow('the table holds no routes');
  });
});

describe('npm run routes, while a system runs', () => {
  const AT_START = [
    {
      name: 'echo-pcm16KMono',
      match: { to: '+14255550100' },
      storeTranscripts: true,
      workers: [{ name: 'echo', speaks: false, codec: 'pcmu', priority: 3, bargeIn: { policy: 'stop' } }],
    },
    { name: 'placed', match: { direction: 'outbound' } },
  ];

  function system(): RunningSystem {
    return {
      pid: process.pid,
      urls: {} as RunningSystem['urls'],
      keys: { acsControl: '', functions: '', relayAdmin: '' },
      tablesConnectionString: tables.connectionString,
      directory: [
        {
          number: '+14255550100',
          worker: 'echo',
          listen: { mode: 'chunk', ms: 100 },
          format: 'pcm16KMono',
          startStreaming: true,
        },
      ],
      routes: AT_START,
      outboundAllowed: '+142555501*',
    };
  }

  it('explains the routes of that system, and how each worker speaks', async () => {
    expect(await run(`explain --from +14255550123 --to +14255550100`, {}, system())).toContain(
      'by the routes of the system that runs:\n' +
        '  ✓ echo-pcm16KMono  answers the call: pcm16KMono, mixed, streams immediately, workers echo (chunk, only listens, pcmu, priority 3), stores transcripts\n',
    );
  });

  it('says that the API does not place a call to whom the settings do not list', async () => {
    const ends = (to: string): string => `explain --direction outbound --from +14255550100 --to ${to}`;
    expect(await run(ends('+442071838750'), {}, system())).toContain(
      'But the API answers 403 to the request',
    );
    expect(await run(ends('+14255550180'), {}, system())).not.toContain('403');
  });

  it('keeps the routes of the start behind those that are set, and refuses workers that it does not have', async () => {
    const file = `${folder}own.json`;
    writeFileSync(file, '[{"name":"mine","match":{"to":"+14255550177"},"workers":[{"name":"ecko"}]}]');
    await expect(run(`set --file ${file}`, {}, system())).rejects.toThrow(
      'routes[0].workers[0].name: there is no worker "ecko" (did you mean "echo"?); there are echo',
    );
    writeFileSync(file, '[{"name":"mine","match":{"to":"+14255550177"},"workers":[{"name":"echo"}]}]');
    expect(await run(`set --file ${file}`, {}, system())).toBe(
      '1 routes are in force now in the system that runs, before the 2 of its start.\n',
    );
    expect(await run('show', {}, system())).toMatch(
      /^Routes of the table of the system that runs:\nmine: .*\necho-/,
    );
    await run('clear', {}, system());
    expect(await run('show', {}, system())).toMatch(/^Routes of the system that runs:\necho-/);
  });
});
