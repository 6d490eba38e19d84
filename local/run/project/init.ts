/** Makes a project of one's own: a worker, routes, a test, and what publishing needs. */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { INSTALLATION, installed } from './installation.ts';

/** Files of a project, and what they are copies of. npm packs no `.gitignore`. */
const FILES = {
  'src/workers.ts': 'samples/project/src/workers.ts',
  'src/whisper.ts': 'samples/project/src/whisper.ts',
  'test/whisper.test.ts': 'samples/project/test/whisper.test.ts',
  'routes.json': 'samples/project/routes.json',
  'tsconfig.json': 'samples/project/tsconfig.json',
  'README.md': 'samples/project/README.md',
  '.gitignore': 'samples/project/gitignore',
  '.funcignore': '.funcignore',
  'host.json': 'host.json',
  'hello.wav': 'samples/hello.wav',
} as const;

/** What the project runs with `npm run`, as texts say. */
const COMMANDS = ['start', 'call', 'demo', 'build', 'routes', 'worker', 'acs', 'web-pubsub'];

const SETTINGS = 'local.settings.sample.json';

export class InitError extends Error {
  override readonly name = 'InitError';
}

interface InitOptions {
  readonly folder: string;
  /** What package.json asks npm for: a version or a file. Defaults to where this package came from. */
  readonly packageSpec?: string | undefined;
}

/** @throws InitError when the folder has files, or nobody knows where this package came from */
export async function initProject({ folder, packageSpec }: InitOptions): Promise<void> {
  const held = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new InitError(`${folder} cannot be the folder of a project: ${error.message}`);
  });
  if (held.length > 0)
    throw new InitError(`${folder} is not empty (${held[0]} is in it): name a folder that is new or empty`);
  const dependency = packageSpec === undefined ? await origin(folder) : specFor(folder, packageSpec);
  for (const [file, source] of Object.entries(FILES)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await cp(installed(source), join(folder, file));
  }
  await writeFile(join(folder, 'package.json'), json(await manifest(folder, dependency)));
  await writeFile(join(folder, SETTINGS), json(await sampleSettings()));
}

/** From where npm has installed this package: a file, or else the version that a registry has. */
async function origin(folder: string): Promise<string> {
  const lock = join(INSTALLATION, '../.package-lock.json');
  const text = await readFile(lock, 'utf8').catch(() => '{}');
  const { packages = {} } = JSON.parse(text) as {
    packages?: Record<string, { version?: string; resolved?: string } | undefined>;
  };
  const { version, resolved } = packages[`node_modules/${basename(INSTALLATION)}`] ?? {};
  // npm writes the file relative to the folder of its node_modules.
  if (resolved?.startsWith(FILE) === true)
    return specFor(folder, resolve(INSTALLATION, '../..', resolved.slice(FILE.length)));
  if (resolved !== undefined && version !== undefined) return version;
  throw new InitError('nothing says from which file Trunkline was installed: name it with --package FILE');
}

const FILE = 'file:';

/** A version as it is; a file as its path from the project. */
function specFor(folder: string, spec: string): string {
  if (!spec.endsWith('.tgz')) return spec;
  const path = relative(resolve(folder), resolve(spec));
  return `${FILE}${path.replaceAll('\\', '/')}`;
}

async function manifest(folder: string, dependency: string): Promise<object> {
  const { engines, devDependencies } = await readJson('package.json');
  return {
    name: packageName(basename(resolve(folder))),
    private: true,
    type: 'module',
    main: 'dist/functions/main.cjs',
    trunkline: { workers: 'src/workers.ts' },
    scripts: {
      ...Object.fromEntries(COMMANDS.map((command) => [command, `trunkline ${command}`])),
      test: 'node --disable-warning=ExperimentalWarning --import trunkline/wav-imports --test "test/**/*.test.ts"',
      types: 'tsc',
    },
    dependencies: { trunkline: dependency },
    devDependencies: {
      '@types/node': devDependencies['@types/node'],
      typescript: devDependencies.typescript,
    },
    engines,
  };
}

/** Names of packages have lower case letters, digits and hyphens only. */
function packageName(folderName: string): string {
  const ascii = folderName.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return ascii.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'calls';
}

/** Settings for `func start`. The routes are in routes.json. */
async function sampleSettings(): Promise<object> {
  const { Values, ...rest } = await readJson(SETTINGS);
  const { CALL_ROUTES: _, ...values } = Values;
  return { ...rest, Values: values };
}

async function readJson(path: string) {
  return JSON.parse(await readFile(installed(path), 'utf8'));
}

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
