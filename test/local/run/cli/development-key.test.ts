import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { developmentKey } from '../../../../local/run/cli/development-key.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-key-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('is the same at every start, in a file that its owner alone can read', async () => {
  const file = join(folder, '.trunkline/functions-key');
  const key = await developmentKey(file);
  expect(key).toMatch(/^[\w-]{48}$/);
  expect(await developmentKey(file)).toBe(key);
  if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it('is made again where the file holds none', async () => {
  const file = join(folder, 'key');
  await writeFile(file, 'short\n');
  const key = await developmentKey(file);
  expect((await readFile(file, 'utf8')).trim()).toBe(key);
});
