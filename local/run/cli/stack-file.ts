/**
 * Where a running system is found by the other commands: `.trunkline/stack.json`, readable by its owner only since it
 * holds the keys of this start. It is removed when the system stops; one whose process is gone is ignored.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RunningSystem } from '../client/running-system.ts';
import type { PartName } from '../stack/ports.ts';
import type { Stack } from '../stack/stack.ts';

const STACK_FILE = new URL('../../../.trunkline/stack.json', import.meta.url);

export function describeStack(stack: Stack): RunningSystem {
  const url = (part: PartName): string => stack.url(part);
  return {
    pid: process.pid,
    urls: {
      control: url('control'),
      worker: url('worker'),
      webPubSub: url('webPubSub'),
      acs: url('acs'),
      relay: url('relay'),
      tables: url('tables'),
    },
    keys: {
      acsControl: stack.secrets.acsControlToken,
      functions: stack.secrets.functionsHostKey,
      relayAdmin: stack.secrets.relayAdminToken,
    },
    directory: stack.directory,
  };
}

export async function writeStackFile(system: RunningSystem): Promise<void> {
  await mkdir(dirname(STACK_FILE.pathname), { recursive: true });
  await writeFile(STACK_FILE, `${JSON.stringify(system, null, 2)}\n`, { mode: 0o600 });
}

/** Removes the file, unless another system has taken it over. */
export async function removeStackFile(): Promise<void> {
  if ((await readStackFile())?.pid === process.pid) await rm(STACK_FILE, { force: true });
}

/** The system that runs now, or undefined. */
export async function readStackFile(): Promise<RunningSystem | undefined> {
  const text = await readFile(STACK_FILE, 'utf8').catch(() => undefined);
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
