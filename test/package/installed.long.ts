/**
 * The package as a stranger meets it: the commands of the README, in a folder whose name has spaces and umlauts, and
 * then a worker of one's own. npm installs what the package needs from its registry, or from its cache.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { align } from '../../local/phone/align.ts';
import { importedNames } from '../../scripts/package/declared-types.ts';
import { pack } from '../../scripts/package/pack.ts';
import { readWav } from '../../shared/audio/wav.ts';
import { readLikeFunc } from '../architecture/funcignore.ts';
import { KEYS, startHost } from '../local/emulators/functions-host/host-process.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The limit of the README, on a machine that does nothing else. */
const FIRST_WORKER_MS = 180_000;

let parent: string;
let folder: string;
let project: string;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'trunkline-package-'));
  folder = join(parent, 'Über Projekt & co');
  project = join(folder, 'my-calls');
  await pack(folder);
});

afterAll(() => rm(parent, { recursive: true, force: true }));

/** Runs lines in a shell, with the Node that runs this test. */
async function shell(lines: string, cwd = folder): Promise<string> {
  const PATH = `${dirname(process.execPath)}:${process.env['PATH']}`;
  const { npm_config_user_agent: _, ...env } = process.env;
  const { stdout } = await run('sh', ['-ec', lines], {
    cwd,
    env: { ...env, PATH, npm_config_fund: 'false' },
  });
  return stdout;
}

/** The block of commands below "Install it". */
async function commandsOfReadme(): Promise<string[]> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const [, block = ''] = /## Install it\n[\s\S]*?```\n([\s\S]*?)```/.exec(readme) ?? [];
  return block.trim().split('\n');
}

/** How well what the caller heard is what they should hear: `Infinity` where every sample is. */
async function agreement(said: string, heard: string, expected: (sample: number) => number): Promise<number> {
  const [wanted, found] = (await Promise.all([said, heard].map((file) => readFile(join(project, file))))).map(
    (bytes) => readWav(bytes).samples,
  ) as [Int16Array, Int16Array];
  return align(wanted.map(expected), found, found.length)?.signalToErrorDb ?? Number.NEGATIVE_INFINITY;
}

describe('the package', () => {
  it('brings a worker of one’s own onto a call by at most ten commands of the README', async () => {
    const commands = await commandsOfReadme();
    expect(commands.length).toBeGreaterThan(3);
    expect(commands.length).toBeLessThanOrEqual(10);
    const startedMs = performance.now();
    await shell(commands.join('\n'));
    expect(performance.now() - startedMs).toBeLessThan(FIRST_WORKER_MS);
    expect(await agreement('hello.wav', 'heard.wav', (sample) => sample >> 2)).toBe(Number.POSITIVE_INFINITY);
  });

  it('installs without a script, and nothing but itself, esbuild’s binary and zod', async () => {
    const lock = JSON.parse(await readFile(join(project, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean; optional?: boolean; hasInstallScript?: boolean }>;
    };
    const installed = Object.entries(lock.packages).filter(([path]) => path !== '');
    expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
    const needed = installed.filter(([, { dev, optional }]) => dev !== true && optional !== true);
    expect(needed.map(([path]) => path)).toEqual(['node_modules/trunkline', 'node_modules/zod']);
    const optional = installed.filter(
      ([path, entry]) => entry.optional && !entry.dev && !/@esbuild\//.test(path),
    );
    expect(optional).toEqual([]);
  });

  it('has types that compile with its own dependencies, and name no other package', async () => {
    const installed = join(project, 'node_modules/trunkline');
    const { dependencies } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
    const types = (await readdir(join(installed, 'types'), { recursive: true })).filter((file) =>
      file.endsWith('.d.ts'),
    );
    expect(types).toContain('functions/workers/kit/index.d.ts');
    const named = await Promise.all(
      types.map(async (file) => importedNames(await readFile(join(installed, 'types', file), 'utf8'))),
    );
    const packages = named
      .flat()
      .filter((name) => !name.startsWith('.'))
      .map((name) =>
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      );
    expect([...new Set(packages)].filter((name) => !(name in dependencies))).toEqual([]);
    await shell('npx tsc --skipLibCheck false', project);
  });

  it('answers a number of routes.json with a worker that was added, whose types the kit checks', async () => {
    await writeFile(
      join(project, 'src/upside-down.ts'),
      `import { defineWorker } from 'trunkline/kit';
export const upsideDown = defineWorker({
  name: 'upside-down',
  listen: { mode: 'chunk', ms: 60 },
  // @ts-expect-error: play takes samples
  onDtmf: (_, call) => call.play('text'),
  onAudio: (chunk) => chunk.pcm.map((sample) => ~sample),
});
`,
    );
    await writeFile(
      join(project, 'src/workers.ts'),
      `import type { Worker } from 'trunkline/kit';
import { upsideDown } from './upside-down.ts';
import { whisper } from './whisper.ts';
export const workers: readonly Worker[] = [whisper, upsideDown];
`,
    );
    const route = { name: 'mine', match: { to: '+12065550101' }, workers: [{ name: 'upside-down' }] };
    await writeFile(join(project, 'routes.json'), JSON.stringify([route]));
    await shell('npm run types && npm test', project);
    await shell('npm run call -- --in hello.wav --out mine.wav --to +12065550101', project);
    expect(await agreement('hello.wav', 'mine.wav', (sample) => ~sample)).toBe(Number.POSITIVE_INFINITY);
  });

  it('builds what is published: a function app that needs nothing beside it, in either role', async () => {
    await shell('npm run build', project);
    const published = join(parent, 'published');
    const isPublished = readLikeFunc(await readFile(join(project, '.funcignore'), 'utf8'));
    const files = (await readdir(project, { recursive: true })).filter((file) => isPublished(file));
    for (const file of files.filter((each) => basename(each).includes('.')))
      await cp(join(project, file), join(published, file));
    const dockerfile = await readFile(join(project, 'node_modules/trunkline/relay/Dockerfile'), 'utf8');
    const copied = [...dockerfile.matchAll(/^COPY (?:--\S+ )*(.*) \S+$/gm)].flatMap(([, all = '']) =>
      all.split(' '),
    );
    expect(copied).toContain('dist/relay/main.cjs');
    for (const file of copied) expect((await readFile(join(project, file))).length, file).toBeGreaterThan(0);
    const notices = await readFile(join(published, 'dist/functions/THIRD-PARTY-NOTICES.txt'), 'utf8');
    expect(notices).toMatch(/^zod \d/m);
    const worker = await startHost(published, { env: { APP_ROLE: 'worker' } });
    const list = await fetch(`${worker.url}/api/workers?code=${KEYS.host.default}`);
    expect(await list.json()).toContainEqual(expect.objectContaining({ name: 'upside-down' }));
    await worker.stop();
    const control = await startHost(published, { env: { APP_ROLE: 'control' } });
    expect((await fetch(`${control.url}/api/calls`)).status).toBe(401);
    await control.stop();
  });

  it('has a help of every command, which names it as it is typed there', async () => {
    const help = await shell(`'${join(project, 'node_modules/.bin/trunkline')}' --help`, project);
    const commands = [...help.matchAll(/^ {2}([a-z-]+) /gm)].map(([, command = '']) => command);
    const { scripts } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
    expect(commands).toEqual(expect.arrayContaining(['init', ...Object.keys(scripts)].filter(isOurs)));
    for (const command of commands) {
      const direct = await shell(`npx trunkline ${command} --help`, project);
      expect(direct).toMatch(new RegExp(`^Usage: trunkline ${command}\\b`));
      if (scripts[command] === undefined) continue;
      const byNpm = await shell(`npm run -s ${command} -- --help`, project);
      expect(byNpm).toMatch(new RegExp(`^Usage: npm (run )?${command}\\b`));
      expect(afterUsage(byNpm)).toBe(afterUsage(direct));
    }
  });

  it('runs every command where there is no project', async () => {
    const empty = join(parent, 'empty');
    await mkdir(empty);
    const trunkline = `'${join(project, 'node_modules/.bin/trunkline')}'`;
    expect(await shell(`${trunkline} --version`, empty)).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await shell(`${trunkline} demo`, empty)).toContain('compared sample by sample: no error at all');
    const routes = `[{"name":"everyone","workers":[{"name":"echo"}]}]`;
    expect(await shell(`CALL_ROUTES='${routes}' ${trunkline} routes show`, empty)).toContain('everyone');
    for (const command of ['acs', 'web-pubsub', 'worker echo'])
      expect(await untilItListens(command.split(' '), empty), command).toBe(0);
  });
});

/** Scripts of a project that are not commands of Trunkline. */
const isOurs = (script: string): boolean => !['test', 'types'].includes(script);

const afterUsage = (help: string): string => help.slice(help.indexOf('\n'));

/** Starts a command, ends it by SIGTERM once it has said where it listens, and resolves with its status. */
async function untilItListens(command: readonly string[], cwd: string): Promise<number | null> {
  const program = join(project, 'node_modules/trunkline/trunkline.js');
  const env = { ...process.env, WEB_PUBSUB_CONNECTION_STRING: WEB_PUBSUB };
  const child = spawn(process.execPath, [program, ...command, '--port', '0'], { cwd, env });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  let said = '';
  for await (const piece of child.stdout) {
    const listened = LISTENS.test(said);
    said += piece;
    if (!listened && LISTENS.test(said)) child.kill('SIGTERM');
  }
  return (await ended)[0];
}

/** What a server says when it can be used and ended. */
const LISTENS = / listens on |takes calls/;

const WEB_PUBSUB =
  'Endpoint=http://127.0.0.1:8080;AccessKey=ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH;Version=1.0;';
