/**
 * Bundles what is deployed: the function app and the relay, one CommonJS file each with all dependencies inside, and
 * the process of resident workers. A bundle needs no `node_modules` beside it and loads several times faster than the
 * packages it consists of.
 *
 * The hosts import the list of workers as `#workers`, which here is the list of the project.
 */
import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { build as bundle } from 'esbuild';
import { INSTALLATION, IS_PACKAGED, installed, moduleFile } from '../local/run/project/installation.ts';
import { bundledFiles, noticesOf } from './build/notices.ts';

/** The oldest Node that the bundles run on. */
const TARGET = 'node22';

/** The file with the licences of bundled packages. */
const NOTICES = 'THIRD-PARTY-NOTICES.txt';

const PARTS = {
  functions: { module: 'functions/main', file: 'functions/main.cjs' },
  relay: { module: 'relay/main', file: 'relay/main.cjs' },
  // It awaits at its top level, which CommonJS cannot.
  resident: { module: 'functions/workers/hosts/resident/main', file: 'resident/main.mjs' },
} as const;

type Part = keyof typeof PARTS;

/** What CommonJS and modules lack of each other. */
const FORMATS = {
  cjs: {
    // Modules of a package ask for their own address.
    define: { 'import.meta.url': 'bundleUrl' },
    banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  },
  esm: {
    // Packages of CommonJS ask for Node's own modules.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
  },
} as const;

/** What is deployed. */
const DEPLOYED: readonly Part[] = ['functions', 'relay'];

interface BuildOptions {
  /** The file that exports the list `workers`. Defaults to that of this repository. */
  readonly workers?: string;
  /**
   * Where the bundles go, as `<outDir>/<part>/main.cjs`, or `main.mjs` for resident workers, each with the licences of
   * the packages in it beside it.
   */
  readonly outDir: string;
  /** Defaults to what is deployed. */
  readonly parts?: readonly Part[];
  /** In place of a part's own module; for one part. */
  readonly entry?: string;
}

export interface BuiltBundle {
  readonly part: Part;
  readonly file: string;
  readonly bytes: number;
  readonly ms: number;
}

/**
 * Builds the parts. @throws esbuild's BuildFailure, or an Error that lists the warnings: a bundle with warnings is not
 * shipped.
 */
export async function build({
  outDir,
  workers = moduleFile('functions/workers/index'),
  parts = DEPLOYED,
  entry,
}: BuildOptions): Promise<BuiltBundle[]> {
  return await Promise.all(
    parts.map(async (part) => {
      const startedMs = performance.now();
      const file = join(outDir, PARTS[part].file);
      // A package brings the relay as it is deployed: no code of a project is in it.
      if (part === 'relay' && IS_PACKAGED) await copyRelay(dirname(file));
      else await bundleInto(file, entry ?? moduleFile(PARTS[part].module), workers);
      return { part, file, bytes: (await stat(file)).size, ms: performance.now() - startedMs };
    }),
  );
}

async function bundleInto(file: string, entry: string, workers: string): Promise<void> {
  const format = file.endsWith('.mjs') ? 'esm' : 'cjs';
  const { warnings, metafile } = await bundle({
    entryPoints: [resolve(INSTALLATION, entry)],
    outfile: file,
    bundle: true,
    platform: 'node',
    ...FORMATS[format],
    format,
    target: TARGET,
    // The Functions worker provides this module at run time. It is on no registry.
    external: ['@azure/functions-core'],
    alias: {
      '#workers': workers,
      // Workers and their host share one kit, whatever the project has installed.
      'trunkline/kit': moduleFile('functions/workers/kit/index'),
    },
    // A minified bundle loads no faster, and its stack traces cannot be read.
    minify: false,
    loader: { '.wav': 'binary' },
    // Logs and errors read the names of classes at run time, and a bundler may rename one of two with the same name.
    keepNames: true,
    // Node finds the map beside the bundle (`--enable-source-maps`), and the sources where they are.
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    logLevel: 'silent',
    absWorkingDir: INSTALLATION,
  });
  if (warnings.length > 0) {
    const lines = warnings.map(({ text, location }) => `  ${location?.file ?? ''}: ${text}`);
    throw new Error(`the bundle ${file} has warnings:\n${lines.join('\n')}`);
  }
  await writeFile(join(dirname(file), NOTICES), await noticesOf(bundledFiles(metafile, INSTALLATION)));
}

async function copyRelay(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of ['main.cjs', NOTICES])
    await copyFile(installed(`dist/relay/${name}`), join(folder, name));
}
