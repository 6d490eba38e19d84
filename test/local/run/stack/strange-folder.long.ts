import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, stat, symlink } from 'node:fs/promises';
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
