/** The system that a command works with: the one that runs already, or one of its own on free ports. */

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../../../scripts/build.ts';
import type { RunningSystem } from '../client/running-system.ts';
import { freePorts, type PartName, type Ports } from '../stack/ports.ts';
import { makeSecrets } from '../stack/secrets.ts';
import type { SystemLayout } from '../stack/specs.ts';
import { type Stack, startStack } from '../stack/stack.ts';
import type { Notice } from '../watch/notice.ts';
import { NoticeReader } from './notice-file.ts';
import { UsageError } from './options.ts';

interface SystemInUse {
  readonly system: RunningSystem;
  /** Whether it was started for this command. */
  readonly own: boolean;
  /** What its workers have logged and done wrong since the last time, or since the command began. */
  notices(): readonly Notice[];
  /** Stops the system if it was started for this command; idempotent. */
  close(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

interface OwnStackOptions {
  readonly ports: Ports;
  readonly resident?: NonNullable<SystemLayout['resident']>;
  readonly onLine?: (part: string, line: string) => void;
  readonly onDeath?: (message: string) => void;
  readonly onNotice?: (notice: Notice) => void;
  readonly inspectPort?: number | undefined;
  readonly extraEnv?: NonNullable<SystemLayout['extraEnv']>;
  /** Before those of the user. */
  readonly routes?: readonly object[];
}

/** Builds the function app and the relay and starts every part. */
export async function startOwnStack(options: OwnStackOptions): Promise<Stack> {
  await build();
  return startStack({
    ...options,
    secrets: makeSecrets(),
    controlApp: ROOT,
    workerApp: ROOT,
    relayModule: `${ROOT}dist/relay/main.cjs`,
    routes: [...(options.routes ?? []), ...(await userRoutes())],
  });
}

/** `own` holds settings for a system that is started; one that runs already keeps those that it has. */
export async function useSystem(
  onLine?: (part: string, line: string) => void,
  own: Pick<OwnStackOptions, 'extraEnv' | 'routes'> = {},
): Promise<SystemInUse> {
  const running = await readStackFile();
  if (running !== undefined) {
    const reader = new NoticeReader();
    return { system: running, own: false, notices: () => reader.next(), close: async () => {} };
  }
  const noticed: Notice[] = [];
  const stack = await startOwnStack({
    ports: await freePorts(),
    ...(onLine === undefined ? {} : { onLine }),
    onNotice: (notice) => void noticed.push(notice),
    ...own,
  });
  const stop = (): void => {
    void stack.stop().finally(() => process.exit(130));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return {
    system: describeStack(stack),
    own: true,
    notices: () => noticed.splice(0),
    close: async () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      await stack.stop();
    },
  };
}

/** The user's own routes: the setting `CALL_ROUTES`, from the environment or from `local.settings.json`. */

const LOCAL_SETTINGS = new URL('../../../local.settings.json', import.meta.url);

/** @throws UsageError when the routes are no JSON array; the control app checks each of them */
async function userRoutes(): Promise<object[]> {
  const text = process.env['CALL_ROUTES'] ?? (await fromLocalSettings());
  if (text === undefined || text.trim() === '') return [];
  const routes: unknown = parseJson(text, 'the setting CALL_ROUTES');
  if (!Array.isArray(routes)) throw new UsageError('the setting CALL_ROUTES must be a JSON array of routes');
  return routes;
}

async function fromLocalSettings(): Promise<string | undefined> {
  const text = await readFile(LOCAL_SETTINGS, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const settings = parseJson(text, 'local.settings.json') as { Values?: Record<string, string> };
  return settings.Values?.['CALL_ROUTES'];
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${what} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * Where a running system is found by the other commands: `.trunkline/stack.json`, readable by its owner only since it
 * holds the keys of this start. It is removed when the system stops; one whose process is gone is ignored.
 */

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
