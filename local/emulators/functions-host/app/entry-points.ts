import { globSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { isRecord } from '../../common/json.ts';
import { readAppJson } from './json.ts';

/** The real host gives a worker two minutes to load an app. */
const LOAD_LIMIT_MS = 120_000;

/**
 * Loads what `main` of the app's package.json names: a path or a glob (`dist/{a,b}.js`), relative to the app's folder.
 * A file is imported when it is `.mjs`, or `.js` in a package of `"type": "module"`, and required otherwise.
 *
 * @throws one sentence in the words of the Node worker, when there is none, when it throws, or when it takes longer
 *   than two minutes
 */
export async function loadEntryPoints(appFolder: string): Promise<void> {
  const { main, isModule } = readPackage(appFolder);
  const files = findFiles(appFolder, main);
  if (files.length === 0)
    throw unable(main, 'Found zero files matching the supplied pattern; is the app built?');
  for (const file of files) {
    try {
      await withinLoadLimit(loadFile(appFolder, file, isModule));
    } catch (error) {
      throw unable(file, error instanceof Error ? error.message : String(error), error);
    }
  }
}

function unable(file: string, why: string, cause?: unknown): Error {
  return new Error(`Worker was unable to load entry point "${file}": ${why}`, { cause });
}

/** The worker goes on without a package that it cannot read, and then has no function. */
function readPackage(appFolder: string): { main: string; isModule: boolean } {
  const path = join(appFolder, 'package.json');
  let content: unknown;
  try {
    content = readAppJson(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Worker failed to load package.json: file content is not valid JSON: ${path}: ${why}`);
  }
  if (!isRecord(content)) {
    const why = content === undefined ? 'file does not exist' : 'file content is not an object';
    throw new Error(`Worker failed to load package.json: ${why} (${path})`);
  }
  const { main, type } = content;
  if (typeof main !== 'string' || main === '')
    throw new Error(`No job functions found: ${path} has no "main", so the function app has no entry point`);
  return { main, isModule: type === 'module' };
}

function findFiles(appFolder: string, main: string): string[] {
  if (statSync(join(appFolder, main), { throwIfNoEntry: false })?.isFile()) return [main];
  if (!/[*?[\]{}!()]/.test(main)) return [];
  return globSync(main, { cwd: appFolder })
    .filter((file) => statSync(join(appFolder, file), { throwIfNoEntry: false })?.isFile())
    .sort();
}

async function loadFile(appFolder: string, file: string, isModule: boolean): Promise<void> {
  const path = join(appFolder, file);
  const extension = extname(path);
  if (extension === '.mjs' || (isModule && extension !== '.cjs')) {
    await import(pathToFileURL(path).href);
  } else {
    createRequire(path)(path);
  }
}

async function withinLoadLimit(loading: Promise<void>): Promise<void> {
  const ended = new AbortController();
  const { signal } = ended;
  const limit = delay(LOAD_LIMIT_MS, undefined, { signal }).then(() => {
    throw new Error(`it was still loading after ${LOAD_LIMIT_MS / 1_000} s`);
  });
  await Promise.race([loading, limit]).finally(() => ended.abort());
}
