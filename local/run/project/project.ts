/** The project that a command works for: the nearest folder whose package.json says where its workers are. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { INSTALLATION, IS_PACKAGED } from './installation.ts';

export interface Project {
  /** Where settings are read, and where everything that a command makes is written. */
  readonly folder: string;
  /** The file that exports `workers`. Without one the built workers of the package take the calls. */
  readonly workers?: string;
}

/** Finds the project from the folder in which the command was started. */
export function findProject(folder: string = process.cwd()): Project {
  const own = projectAbove(folder);
  if (own !== undefined) return own;
  // A command of the repository that is started elsewhere works for the repository.
  return (IS_PACKAGED ? undefined : projectAbove(INSTALLATION)) ?? { folder };
}

/** The same folder, with the workers that Trunkline itself brings. */
export function samplesProject(): Project {
  const { folder } = findProject();
  return (IS_PACKAGED ? undefined : projectAbove(INSTALLATION)) ?? { folder };
}

function projectAbove(folder: string): Project | undefined {
  const file = join(folder, 'package.json');
  const workers = existsSync(file) ? workersIn(file) : undefined;
  if (workers !== undefined) return { folder, workers: join(folder, workers) };
  const parent = dirname(folder);
  return parent === folder ? undefined : projectAbove(parent);
}

/** `"trunkline": { "workers": "src/workers.ts" }`. @throws Error when the file is no JSON */
function workersIn(file: string): string | undefined {
  const text = readFileSync(file, 'utf8');
  let manifest: { readonly trunkline?: { readonly workers?: unknown } } | null;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const workers = manifest?.trunkline?.workers;
  return typeof workers === 'string' ? workers : undefined;
}
