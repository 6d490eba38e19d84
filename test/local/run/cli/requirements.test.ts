import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const REQUIREMENTS = fileURLToPath(new URL('../../../../local/requirements.mjs', import.meta.url));

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline bare-'));
  await mkdir(join(folder, 'local'));
  await copyFile(REQUIREMENTS, join(folder, 'local/requirements.mjs'));
  await writeFile(join(folder, 'main.mjs'), "process.stdout.write('runs');");
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs a command of a project that needs this Node. */
async function run(node: string): Promise<{ status: number | null; said: string }> {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ engines: { node } }));
  return new Promise((resolve) => {
    const args = ['--import', './local/requirements.mjs', 'main.mjs'];
    const child = execFile(process.execPath, args, { cwd: folder }, (_, stdout, stderr) =>
      resolve({ status: child.exitCode, said: stdout + stderr }),
    );
  });
}

it('says in one sentence that the packages are not installed', async () => {
  expect(await run('>=22.19')).toEqual({
    status: 1,
    said: 'The packages are not installed: run npm ci first.\n',
  });
});

it('says in one line that Node is too old', async () => {
  const { status, said } = await run('>=999.1');
  expect(status).toBe(1);
  expect(said).toMatch(/^This needs Node 999\.1 or later, and this is Node \d+\.\d+\.\d+\. .*\n$/);
});

it('says nothing where nothing is missing', async () => {
  await mkdir(join(folder, 'node_modules/pino'), { recursive: true });
  await writeFile(join(folder, 'node_modules/pino/package.json'), '{}');
  expect(await run('>=22.19')).toEqual({ status: 0, said: 'runs' });
});
