import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTables } from '../../local/emulators/storage/server.ts';
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

function run(line: string, env: Record<string, string> = {}): Promise<string> {
  return routesCommand(line.split(' '), { env, folder, nowMs: NOON });
}

const ENDS = '--from +14255550123 --to +18005550199';

describe('npm run routes -- explain', () => {
  it('says which route decides, and why the others do not', async () => {
    expect(
      await run(`explain ${ENDS}`),
    ).toBe(`An inbound call from …0123 to …0199 at 2026-11-22T12:00:00.000Z:
  ✗ blocked   the caller is not +1900*
  ✗ night     its time window does not cover the call
  ✗ gold      its SIP header X-MS-Custom-Tier is not gold
  ✓ everyone  answers the call: pcm16KMono, mixed, streams immediately, workers echo (chunk)
everyone answers the call: pcm16KMono, mixed, streams immediately, workers echo (chunk).
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
    ['show --loud', "Unknown option '--loud'"],
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
