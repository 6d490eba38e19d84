import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The smallest worker app there is: the echo, in Azure Functions. */
const ECHO_APP = `
import { registerWorkers } from './functions/workers/hosts/functions/register.ts';
import { echo } from './functions/workers/samples/echo.ts';
registerWorkers([echo]);
`;

/** What a worker app has no use for. */
const FOREIGN = [
  'functions/control/',
  'functions/workers/hosts/resident/',
  'local/',
  'relay/',
  'shared/settings/common-settings.ts',
  'shared/web-socket/',
  'shared/wire/acs/',
  'shared/wire/relay/',
  'shared/wire/signed/ticket.ts',
];

/** Packages that a worker app would have to load and never call. */
const FOREIGN_PACKAGES = [
  '@azure/communication-call-automation',
  '@azure/data-tables',
  '@azure/identity',
  '@azure/web-pubsub-client',
  'jose',
  'pino',
  'ws',
];

/** Our own modules in the bundle. More than this is something that a worker of five lines drags in. */
const MOST_MODULES = 74;

let modules: string[];
let packages: Set<string>;

beforeAll(async () => {
  const { metafile } = await build({
    stdin: { contents: ECHO_APP, resolveDir: ROOT, loader: 'ts' },
    absWorkingDir: ROOT,
    outfile: 'worker.cjs',
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    external: ['@azure/functions-core'],
    logLevel: 'silent',
  });
  const [output] = Object.values(metafile.outputs);
  const used = Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) =>
    bytesInOutput > 0 ? [file] : [],
  );
  packages = new Set(used.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.slice(1) ?? []));
  modules = used.filter((file) => !file.includes('node_modules/') && file !== '<stdin>');
});

describe('the bundle of a worker app with an echo', () => {
  it('holds the worker, the kit and the host', () => {
    expect(modules).toEqual(
      expect.arrayContaining([
        'functions/workers/samples/echo.ts',
        'functions/workers/kit/webhook.ts',
        'functions/workers/hosts/functions/register.ts',
        'functions/workers/settings/worker-config.ts',
      ]),
    );
    expect([...packages]).toEqual(expect.arrayContaining(['@azure/functions', 'zod']));
  });

  it('holds nothing of the control app, the relay or their settings', () => {
    expect(modules.filter((file) => FOREIGN.some((prefix) => file.startsWith(prefix)))).toEqual([]);
  });

  it('holds no package that a worker never calls', () => {
    expect(FOREIGN_PACKAGES.filter((name) => packages.has(name))).toEqual([]);
  });

  it(`holds at most ${MOST_MODULES} modules of ours`, () => {
    expect(modules.length, modules.join('\n')).toBeLessThanOrEqual(MOST_MODULES);
  });
});
