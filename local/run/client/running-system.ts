/**
 * Where the parts of a running system are, and the keys that its users need. Other commands find a running system in
 * `.trunkline/stack.json`, readable by its owner only since it holds the keys. The file is removed when the system
 * stops; one whose process is gone is ignored.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findProject } from '../project/project.ts';
import type { DirectoryEntry } from '../stack/directory.ts';
import type { PartName } from '../stack/ports.ts';

export interface RunningSystem {
  readonly pid: number;
  readonly urls: Readonly<Record<PartName, string>>;
  readonly keys: { readonly acsControl: string; readonly functions: string; readonly relayAdmin: string };
  readonly tablesConnectionString: string;
  readonly directory: readonly DirectoryEntry[];
  /** The setting `CALL_ROUTES` of its control app. */
  readonly routes: readonly object[];
  /** The setting `OUTBOUND_ALLOWED` of its control app. */
  readonly outboundAllowed: string;
}

const stackFile = (): string => join(findProject().folder, '.trunkline/stack.json');

export async function writeStackFile(system: RunningSystem): Promise<void> {
  const file = stackFile();
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(system, null, 2)}\n`, { mode: 0o600 });
}

/** Removes the file, unless another system has taken it over. */
export async function removeStackFile(): Promise<void> {
  if ((await readStackFile())?.pid === process.pid) await rm(stackFile(), { force: true });
}

/** The system that runs now, or undefined. */
export async function readStackFile(): Promise<RunningSystem | undefined> {
  const text = await readFile(stackFile(), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const system = JSON.parse(text) as RunningSystem;
  return isAlive(system.pid) ? system : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
