/**
 * Makes the package that people install: `npm run pack` writes `trunkline-<version>.tgz`. It has a manifest of its own,
 * no install script, and JavaScript with every dependency inside, but esbuild's binary and the types of zod.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build as bundle } from 'esbuild';
import { type Command, readArguments, runCommand } from '../../shared/base/command-line.ts';
import { bundledFiles, noticesOf } from '../build/notices.ts';
import { build } from '../build.ts';
import { declareTypes } from './declared-types.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** Programs, and what other code imports. */
export const MODULES = [
  'functions/main',
  'functions/workers/hosts/resident/main',
  'functions/workers/hosts/wav-imports',
  'functions/workers/index',
  'functions/workers/kit/index',
  'local/emulators/acs/main',
  'local/emulators/functions-host/main',
  'local/emulators/storage/main',
  'local/emulators/web-pubsub/main',
  'local/main',
  'local/run/watch/blocked-loop',
  'local/run/watch/preload',
  'scripts/routes',
];

/** What the package has as the repository has it. */
const COPIED = [
  '.funcignore',
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'docs',
  'host.json',
  'samples',
  'local/emulators/acs/README.md',
  'local/emulators/web-pubsub/README.md',
  'local.settings.sample.json',
];

/** Writes the package into a folder. Resolves with its file. */
export async function pack(outDir: string): Promise<string> {
  const stage = await mkdtemp(join(tmpdir(), 'trunkline-pack-'));
  try {
    for (const path of COPIED) await cp(join(ROOT, path), join(stage, path), { recursive: true });
    await copyDockerfile(stage);
    await copyEsbuild(stage);
    await bundleModules(stage);
    await declareTypes(ROOT, join(stage, 'types'));
    for (const { file } of await build({ outDir: join(stage, 'dist'), parts: ['functions', 'relay'] }))
      await withoutMap(file);
    await writeFile(join(stage, 'trunkline.js'), LAUNCHER, { mode: 0o755 });
    await writeFile(join(stage, 'package.json'), `${JSON.stringify(await manifest(), null, 2)}\n`);
    await mkdir(outDir, { recursive: true });
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', outDir], { cwd: stage });
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
    return join(outDir, filename);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** Projects build the relay's image with it, and their root has no licence of ours. */
async function copyDockerfile(stage: string): Promise<void> {
  const text = await readFile(join(ROOT, 'relay/Dockerfile'), 'utf8');
  await mkdir(join(stage, 'relay'));
  await writeFile(
    join(stage, 'relay/Dockerfile'),
    text.replace(' LICENSE ', ' node_modules/trunkline/LICENSE '),
  );
}

/** The sources that a map names are not in the package. */
async function withoutMap(file: string): Promise<void> {
  await rm(`${file}.map`);
  const code = await readFile(file, 'utf8');
  await writeFile(file, code.replace(/\/\/# sourceMappingURL=.*\n?$/, ''));
}

/** Older Nodes get a sentence: they may not even read the modules behind this file. */
const LAUNCHER = `#!/usr/bin/env node
const [major, minor] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 19)) {
  process.argv.splice(1, 1, 'trunkline');
  process.env.TRUNKLINE_COMMAND = 'true';
  await import('./local/main.js');
} else {
  process.stderr.write(\`Trunkline needs Node 22.19 or later; this is \${process.versions.node}\\n\`);
  process.exitCode = 2;
}
`;

/** Packages of CommonJS ask for Node's own modules with this, and for their folder with what `FOLDER` exports. */
const REQUIRE = `import { createRequire as makeRequire } from 'node:module';
const require = makeRequire(import.meta.url);`;
const FOLDER = `import { fileURLToPath } from 'node:url';
export const __filename = fileURLToPath(import.meta.url);
export const __dirname = fileURLToPath(new URL('.', import.meta.url));`;

async function bundleModules(stage: string): Promise<void> {
  const folder = join(stage, 'folder-of-module.mjs');
  await writeFile(folder, FOLDER);
  const { warnings, metafile } = await bundle({
    metafile: true,
    absWorkingDir: ROOT,
    entryPoints: MODULES.map((module) => `${module}.ts`),
    outbase: ROOT,
    outdir: stage,
    bundle: true,
    // Modules that import each other share one copy: an error of the kit is the one that the function app throws.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    platform: 'node',
    format: 'esm',
    target: 'node22.19',
    external: ['@azure/functions-core', '#workers', '#esbuild'],
    alias: { esbuild: '#esbuild' },
    banner: { js: REQUIRE },
    inject: [folder],
    keepNames: true,
    logLevel: 'silent',
  });
  await rm(folder);
  // A build of a project passes on what files of this name say.
  await writeFile(join(stage, 'NOTICE.txt'), await noticesOf(bundledFiles(metafile, ROOT)));
  if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join('\n'));
}

/**
 * esbuild's JavaScript, which finds its binary in the package of the platform. Installed as a dependency, esbuild would
 * run a script to check that.
 */
async function copyEsbuild(stage: string): Promise<void> {
  for (const file of ['lib/main.js', 'LICENSE.md', 'package.json'])
    await cp(join(ROOT, 'node_modules/esbuild', file), join(stage, 'vendor/esbuild', file));
}

async function manifest(): Promise<object> {
  const read = async (file: string) => JSON.parse(await readFile(join(ROOT, file), 'utf8'));
  const [own, esbuild] = await Promise.all([read('package.json'), read('node_modules/esbuild/package.json')]);
  const { name, version, description, license, type, main, engines, dependencies, devDependencies } = own;
  return {
    ...{ name, version, description, license, type, main, engines },
    bin: { trunkline: 'trunkline.js' },
    exports: {
      './kit': {
        types: './types/functions/workers/kit/index.d.ts',
        default: './functions/workers/kit/index.js',
      },
      './wav-imports': './functions/workers/hosts/wav-imports.js',
      './package.json': './package.json',
    },
    imports: { '#workers': './functions/workers/index.js', '#esbuild': './vendor/esbuild/lib/main.js' },
    dependencies: { zod: dependencies.zod },
    optionalDependencies: esbuild.optionalDependencies,
    // Nobody installs these here: `trunkline init` gives them to a project.
    devDependencies: {
      '@types/node': devDependencies['@types/node'],
      typescript: devDependencies.typescript,
    },
  };
}

const PACK = {
  name: 'npm run pack',
  usage: '',
  about: 'Makes the package that people install, trunkline-<version>.tgz, in this folder.',
  flags: {},
} as const satisfies Command;

if (process.argv[1] === fileURLToPath(import.meta.url))
  await runCommand(async () => {
    readArguments(PACK, process.argv.slice(2));
    process.stdout.write(`${await pack(process.cwd())}\n`);
    return 0;
  });
