/**
 * Bundles what is deployed: the function app and the relay, one CommonJS file each with all dependencies inside. A
 * bundle needs no `node_modules` beside it and loads several times faster than the packages it consists of.
 */
import { stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The oldest Node that the bundles run on. */
const TARGET = 'node22';

/** The parts to build, and what stays outside of their bundles. */
const PARTS = {
  // The Functions worker provides this module at run time. It is on no registry.
  functions: { entry: 'functions/main.ts', external: ['@azure/functions-core'] },
  relay: { entry: 'relay/main.ts', external: [] },
} as const;

export type Part = keyof typeof PARTS;

export interface BuildOptions {
  /** Where the bundles go, as `<outDir>/<part>/main.cjs`. Defaults to `dist` of this package. */
  readonly outDir?: string;
  readonly parts?: readonly Part[];
  /** In place of a part's own entry; for one part. */
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
export async function build(options: BuildOptions = {}): Promise<BuiltBundle[]> {
  const { outDir = join(ROOT, 'dist'), parts = Object.keys(PARTS) as Part[] } = options;
  return await Promise.all(parts.map((part) => buildPart(part, outDir, options.entry)));
}

async function buildPart(
  part: Part,
  outDir: string,
  entry: string = PARTS[part].entry,
): Promise<BuiltBundle> {
  const startedMs = performance.now();
  const file = join(outDir, part, 'main.cjs');
  const { warnings } = await bundle({
    entryPoints: [resolve(ROOT, entry)],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: TARGET,
    external: [...PARTS[part].external],
    // A minified bundle loads no faster, and its stack traces cannot be read.
    minify: false,
    loader: { '.wav': 'binary' },
    // Logs and errors read the names of classes at run time, and a bundler may rename one of two with the same name.
    keepNames: true,
    // Node finds the map beside the bundle (`--enable-source-maps`), and the sources where they are.
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'silent',
    absWorkingDir: ROOT,
  });
  if (warnings.length > 0) {
    const lines = warnings.map(({ text, location }) => `  ${location?.file ?? ''}: ${text}`);
    throw new Error(`the bundle of ${part} has warnings:\n${lines.join('\n')}`);
  }
  return { part, file, bytes: (await stat(file)).size, ms: performance.now() - startedMs };
}

async function main(): Promise<void> {
  for (const { file, bytes, ms } of await build()) {
    const size = `${Math.round(bytes / 1000)} kB`;
    process.stdout.write(`${relative(process.cwd(), file)}  ${size}  ${Math.round(ms)} ms\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error: unknown) => {
    process.stderr.write(`build: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
