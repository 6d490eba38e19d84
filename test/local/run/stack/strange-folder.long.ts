import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
/** What a clone has that commands read. */
const PARTS = ['functions', 'relay', 'shared', 'local', 'scripts', 'samples', 'package.json', 'host.json'];

let folder = '';
let project = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-'));
  project = join(folder, 'Über Projekt & co #1');
  for (const part of PARTS) await cp(join(ROOT, part), join(project, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules'), 'junction');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('makes a call with the whole system, from a folder with spaces, umlauts and signs in its name', async () => {
  const args = ['local/main.ts', 'call', '--in', 'samples/hello.wav', '--out', 'gehört & gut.wav'];
  const env = { ...process.env, NODE_NO_WARNINGS: '1', CALL_ROUTES: '' };
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: project, env });
  expect(stdout).toMatch(/^ {2}outcome +completed$/m);
  expect(stdout).toContain(`What the caller heard is in ${join(project, 'gehört & gut.wav')}.`);
  expect((await stat(join(project, 'gehört & gut.wav'))).size).toBeGreaterThan(100_000);
});

it('shows in the demo what its worker logs and throws, and fails for that, whatever routes the user has', async () => {
  const file = join(project, 'functions/workers/samples/robot.ts');
  const code = await readFile(file, 'utf8');
  const faulty = `onAudio: (chunk, _call, state) => {
    console.log('hears', 'something');
    if (chunk !== undefined) throw new Error('of mine');
    return ringModulate(chunk, state);
  },`;
  await writeFile(
    file,
    code.replace(/onAudio: .*/, () => faulty),
  );
  const written = (await readFile(file, 'utf8')).split('\n');
  const row = written.findIndex((line) => line.includes('of mine')) + 1;
  expect(row).toBeGreaterThan(0);
  const CALL_ROUTES = '[{"name":"mine","workers":[{"name":"nobody"}]}]';
  const env = { ...process.env, NODE_NO_WARNINGS: '1', CALL_ROUTES };
  const demo = promisify(execFile)(process.execPath, ['local/main.ts', 'demo'], { cwd: project, env });
  const { code: status, stdout } = await demo.then(
    (ended) => ({ ...ended, code: 0 }),
    (failed: { code: number; stdout: string }) => failed,
  );
  expect(stdout).toMatch(/^call [a-z2-7]{8} {2}robot {2}hears something$/m);
  expect(stdout).toContain(`onAudio failed at functions/workers/samples/robot.ts:${row}:36: Error: of mine`);
  expect(stdout).toContain('FAILED: a worker has failed during this call');
  expect(status).toBe(1);
});
