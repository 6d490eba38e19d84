/** After the sources of the worker for Node.js, 3.9 and later: how it finds what an app consists of. */
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { loadEntryPoints } from '../../../../../local/emulators/functions-host/app/entry-points.ts';
import { build } from '../../../../../scripts/build.ts';
import { readLikeFunc } from '../../../../architecture/funcignore.ts';
import { type BuiltApp, writeApp } from '../built-app.ts';
import { KEYS, startHost } from '../host-process.ts';

const ROOT = fileURLToPath(new URL('../../../../..', import.meta.url));

const apps: BuiltApp[] = [];
afterEach(() => {
  for (const app of apps.splice(0)) app.remove();
});
const folderWith = (files: Readonly<Record<string, string>>): string => {
  const app = writeApp(files);
  apps.push(app);
  return app.folder;
};

it.each([
  ['that is no JSON', 'x', 'Worker failed to load package.json: file content is not valid JSON: '],
  ['that is a list', '[]', 'Worker failed to load package.json: file content is not an object'],
  ['without main', '{}', 'No job functions found: '],
  [
    'with a main that is not there',
    '{"main":"dist/none.js"}',
    'Worker was unable to load entry point "dist/none.js": Found zero files matching the supplied pattern',
  ],
  [
    'with a main that throws',
    '{"main":"dist/{main,none}.cjs"}',
    'Worker was unable to load entry point "dist/main.cjs": no good',
  ],
])('complains of a package.json %s in its own words', async (_, packageJson, sentence) => {
  const folder = folderWith({ 'package.json': packageJson, 'dist/main.cjs': `throw new Error('no good');` });
  await expect(loadEntryPoints(folder)).rejects.toThrow(sentence);
});

it('reads a package.json that begins with a mark of its encoding', async () => {
  const folder = folderWith({ 'package.json': '\ufeff{"main":"dist/main.cjs"}', 'dist/main.cjs': '' });
  await loadEntryPoints(folder);
});

/**
 * Fills a folder with what `func azure functionapp publish` sends of this checkout, and nothing else. It must be a
 * folder from which no `node_modules` can be found.
 */
async function publish(published: string): Promise<void> {
  const built = folderWith({});
  await build({ outDir: join(built, 'dist'), parts: ['functions'] });
  const isPublished = readLikeFunc(readFileSync(join(ROOT, '.funcignore'), 'utf8'));
  const send = async (from: string, path: string): Promise<void> => {
    if (!isPublished(path)) return;
    await mkdir(dirname(join(published, path)), { recursive: true });
    await copyFile(join(from, path), join(published, path));
  };
  for (const { name } of (await readdir(ROOT, { withFileTypes: true })).filter((entry) => entry.isFile()))
    await send(ROOT, name);
  for (const name of await readdir(join(built, 'dist/functions')))
    await send(built, `dist/functions/${name}`);
}

it('needs nothing but the published package, in either role', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await publish(folder);
  expect((await readdir(folder, { recursive: true })).toSorted()).toEqual([
    'LICENSE',
    'dist',
    'dist/functions',
    'dist/functions/THIRD-PARTY-NOTICES.txt',
    'dist/functions/main.cjs',
    'dist/functions/main.cjs.map',
    'host.json',
    'package.json',
  ]);
  const worker = await startHost(folder, { env: { APP_ROLE: 'worker' } });
  const list = await fetch(`${worker.url}/api/workers?code=${KEYS.host.default}`);
  expect(await list.json()).toContainEqual(expect.objectContaining({ name: 'echo' }));
  await worker.stop();
  const control = await startHost(folder, { env: { APP_ROLE: 'control' } });
  expect((await fetch(`${control.url}/api/calls`)).status).toBe(401);
  await control.stop();
  expect(control.output()).toContain('\tincomingCall: eventGridTrigger\n');
});
