import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltBundle, build } from '../../scripts/build.ts';
import type { Endpoint } from '../../shared/wire/api/endpoint.ts';
import { ENDPOINTS } from '../../shared/wire/api/endpoints.ts';
import type { RegisteredFunction } from './registered-function.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LOADER = fileURLToPath(new URL('load-bundle.ts', import.meta.url));
const LOAD_LIMIT_MS = 20_000;

let folder: string;
let bundles: BuiltBundle[];

beforeAll(async () => {
  // Outside of this package, so that a bundle that still needs `node_modules` does not find any.
  folder = await mkdtemp(join(tmpdir(), 'trunkline-build-'));
  bundles = await build({ outDir: folder });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function fileOf(part: BuiltBundle['part']): string {
  const bundle = bundles.find((built) => built.part === part);
  if (bundle === undefined) throw new Error(`${part} was not built`);
  return bundle.file;
}

/** What the function app registers in a process with nothing but this environment. */
async function load(env: Record<string, string>): Promise<RegisteredFunction[]> {
  const { stdout } = await run(process.execPath, [LOADER, fileOf('functions')], {
    env: { ...env, NODE_NO_WARNINGS: '1' },
    timeout: LOAD_LIMIT_MS,
  });
  return JSON.parse(stdout);
}

const summary = ({ name, trigger }: RegisteredFunction): string =>
  [name, trigger.type, ...(trigger.methods ?? []), trigger.route, trigger.authLevel]
    .filter((part) => part !== undefined)
    .join(' ');

describe('the bundle of the function app', () => {
  it('registers the functions of the worker app with APP_ROLE=worker, and needs no other setting to load', async () => {
    expect((await load({ APP_ROLE: 'worker' })).map(summary).sort()).toEqual([
      'workerEvents httpTrigger POST OPTIONS workers/{name} anonymous',
      'workers httpTrigger GET workers function',
    ]);
  });

  it('registers the functions of the control app with APP_ROLE=control, and needs no other setting to load', async () => {
    const endpoints = Object.entries<Endpoint>(ENDPOINTS).map(([name, { method, path, role }]) =>
      [name, 'httpTrigger', method, path, role === undefined ? 'anonymous' : 'function'].join(' '),
    );
    const workerEndpoints = Object.entries<Endpoint>(ENDPOINTS)
      .filter(([, { path }]) => path.includes('{callId}'))
      .map(([name, { method, path }]) => `worker-${name} httpTrigger ${method} worker/${path} anonymous`);
    const inPath = 'calls/{callId}/participants/{participant}';
    expect((await load({ APP_ROLE: 'control' })).map(summary).sort()).toEqual(
      [
        ...endpoints,
        ...workerEndpoints,
        'callEvents httpTrigger POST callbacks/{callId} anonymous',
        'incomingCall eventGridTrigger',
        'restartMediaStreaming httpTrigger POST calls/{callId}/streaming/restart anonymous',
        'endIdleCall httpTrigger POST calls/{callId}/streaming/idle anonymous',
        'streamEnded httpTrigger POST calls/{callId}/streaming/ended anonymous',
        'streamLost httpTrigger POST calls/{callId}/streaming/lost anonymous',
        'workerNotes httpTrigger POST calls/{callId}/streaming/notes anonymous',
        'streamHandover httpTrigger GET PUT calls/{callId}/streaming/handover anonymous',
        `participantInPath httpTrigger DELETE ${inPath} function`,
        `participantActionInPath httpTrigger POST ${inPath}/{action} function`,
        `worker-participantInPath httpTrigger DELETE worker/${inPath} anonymous`,
        `worker-participantActionInPath httpTrigger POST worker/${inPath}/{action} anonymous`,
        'workerApi httpTrigger GET POST PUT DELETE worker/{*path} anonymous',
        'removeOldCalls timerTrigger',
        'sweepCalls timerTrigger',
      ].sort(),
    );
  });

  it.each<[string, Record<string, string>]>([
    ['missing', {}],
    ['unknown', { APP_ROLE: 'relay' }],
  ])('refuses to load with one sentence when APP_ROLE is %s', async (_, env) => {
    await expect(load(env)).rejects.toThrow(/APP_ROLE (is missing|.*must be "control" or "worker")/);
  });

  it('asks for nothing that is installed, but the module that the host puts in place', async () => {
    const external = new Set(
      [...(await readFile(fileOf('functions'), 'utf8')).matchAll(/\brequire\("([^"]+)"\)/g)]
        .map(([, name]) => name ?? '')
        .filter((name) => !isBuiltin(name)),
    );
    expect(external).toEqual(new Set(['@azure/functions-core']));
  });

  it('is where package.json and the host look for it', async () => {
    const { main } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(main).toBe('dist/functions/main.cjs');
    expect(fileOf('functions')).toBe(join(folder, 'functions', 'main.cjs'));
  });
});

describe('a build', () => {
  it.each(['functions', 'relay'] as const)(
    'writes the bundle of %s, the licences in it, and a source map that it names and that holds no sources',
    async (part) => {
      const names = (await readdir(join(folder, part))).sort();
      expect(names).toEqual(['THIRD-PARTY-NOTICES.txt', 'main.cjs', 'main.cjs.map']);
      const code = await readFile(join(folder, part, 'main.cjs'), 'utf8');
      expect(code.trimEnd().split('\n').at(-1)).toBe('//# sourceMappingURL=main.cjs.map');
      const map = JSON.parse(await readFile(join(folder, part, 'main.cjs.map'), 'utf8'));
      expect(map.sources).not.toHaveLength(0);
      expect(map.sourcesContent).toBeUndefined();
    },
  );

  it('names version, licence and licence text of every package whose code is in the bundle', async () => {
    const notices = await readFile(join(folder, 'relay', 'THIRD-PARTY-NOTICES.txt'), 'utf8');
    const { version } = JSON.parse(await readFile(join(ROOT, 'node_modules/pino/package.json'), 'utf8'));
    const licence = await readFile(join(ROOT, 'node_modules/pino/LICENSE'), 'utf8');
    expect(notices).toContain(`pino ${version}, MIT\n\n${licence.trim()}\n`);
    expect(notices, 'the relay bundles no SDK of ACS').not.toContain('@azure/communication');
    // esbuild writes the path of each file above what it has taken from it.
    const bundled = [...(await readFile(fileOf('relay'), 'utf8')).matchAll(/^ *\/\/ node_modules\/(.+)$/gm)]
      .map(([, path = '']) => path.split('node_modules/').at(-1) ?? '')
      .map((path) => path.split('/', path.startsWith('@') ? 2 : 1).join('/'));
    expect(new Set(bundled).size).toBeGreaterThan(10);
    expect([...new Set(bundled)].filter((name) => !notices.includes(`\n${name} `))).toEqual([]);
  });
});

describe('the bundle of the relay', () => {
  it('starts by itself, names every setting that is missing or wrong, and ends with status 1', async () => {
    const env = { RELAY_TICKET_KEY: 'too short' };
    const started = run(process.execPath, [fileOf('relay')], { env, timeout: LOAD_LIMIT_MS });
    const { code, stdout, stderr } = await started.then(
      () => expect.unreachable('it has no settings'),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
    expect(code).toBe(1);
    expect(stderr).toContain('WEB_PUBSUB_CONNECTION_STRING');
    expect(stderr).toContain('RELAY_TICKET_KEY');
    expect(stdout + stderr).not.toContain('too short');
  });
});
