import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initProject } from '../../../../local/run/project/init.ts';
import { findProject } from '../../../../local/run/project/project.ts';

let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'trunkline-init-'));
});

afterEach(() => rm(parent, { recursive: true, force: true }));

const json = async (...path: string[]) => JSON.parse(await readFile(join(...path), 'utf8'));

describe('a new project', () => {
  it('has a worker, routes, a test, settings, and what publishing needs', async () => {
    const folder = join(parent, 'Über Projekt & co');
    await initProject({ folder, packageSpec: join(parent, 'trunkline-1.2.3.tgz') });
    expect((await readdir(folder, { recursive: true })).sort()).toEqual([
      '.funcignore',
      '.gitignore',
      'README.md',
      'hello.wav',
      'host.json',
      'local.settings.sample.json',
      'package.json',
      'routes.json',
      'src',
      join('src', 'whisper.ts'),
      join('src', 'workers.ts'),
      'test',
      join('test', 'whisper.test.ts'),
      'tsconfig.json',
    ]);
    const manifest = await json(folder, 'package.json');
    expect(manifest).toMatchObject({
      name: 'uber-projekt-co',
      main: 'dist/functions/main.cjs',
      dependencies: { trunkline: 'file:../trunkline-1.2.3.tgz' },
    });
    expect((await json(folder, 'local.settings.sample.json')).Values).not.toHaveProperty('CALL_ROUTES');
  });

  it('is the project of its folders, and its workers are those that package.json names', async () => {
    await initProject({ folder: join(parent, 'mine'), packageSpec: '1.2.3' });
    expect(await json(parent, 'mine', 'package.json')).toMatchObject({
      dependencies: { trunkline: '1.2.3' },
    });
    const folder = join(parent, 'mine');
    expect(findProject(join(folder, 'src'))).toEqual({ folder, workers: join(folder, 'src/workers.ts') });
  });

  it('is made in a folder that is there and empty, and in no other', async () => {
    const folder = join(parent, 'taken');
    await mkdir(folder);
    await initProject({ folder, packageSpec: '1.2.3' });
    await rm(join(folder, 'src'), { recursive: true });
    await expect(initProject({ folder, packageSpec: '1.2.3' })).rejects.toThrow(/taken is not empty/);
    await expect(readdir(join(folder, 'src'))).rejects.toThrow('ENOENT');
    await writeFile(join(parent, 'file'), '');
    await expect(initProject({ folder: join(parent, 'file'), packageSpec: '1.2.3' })).rejects.toThrow(
      'ENOTDIR',
    );
  });

  it('names no package that somebody else may have: where nothing says its file, the user must', async () => {
    await expect(initProject({ folder: join(parent, 'new') })).rejects.toThrow('name it with --package FILE');
    await expect(readdir(join(parent, 'new'))).rejects.toThrow('ENOENT');
  });
});
