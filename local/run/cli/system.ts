/** The system that a command works with: the one that runs already, or one of its own on free ports. */

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from '../../../scripts/build.ts';
import type { RunningSystem } from '../client/running-system.ts';
import { INSTALLATION, IS_PACKAGED } from '../project/installation.ts';
import { findProject, type Project } from '../project/project.ts';
import { freePorts, type PartName, type Ports } from '../stack/ports.ts';
import { makeSecrets } from '../stack/secrets.ts';
import type { SystemLayout } from '../stack/specs.ts';
import { type Stack, startStack } from '../stack/stack.ts';
import type { Notice } from '../watch/notice.ts';
import { NoticeReader } from './notice-file.ts';
import { UsageError } from './options.ts';
import { residentModule } from './program.ts';

interface SystemInUse {
  readonly system: RunningSystem;
  /** Whether it was started for this command. */
  readonly own: boolean;
  /** What its workers have logged and done wrong since the last time, or since the command began. */
  notices(): readonly Notice[];
  /** Stops the system if it was started for this command; idempotent. */
  close(): Promise<void>;
}

interface OwnStackOptions {
  readonly ports: Ports;
  readonly resident?: Omit<NonNullable<SystemLayout['resident']>, 'module'>;
  readonly onLine?: (part: string, line: string) => void;
  readonly onDeath?: (message: string) => void;
  readonly onNotice?: (notice: Notice) => void;
  readonly inspectPort?: number | undefined;
  readonly extraEnv?: NonNullable<SystemLayout['extraEnv']>;
  /** Defaults to the one around the folder of the command. */
  readonly project?: Project;
  readonly extraArgs?: NonNullable<SystemLayout['extraArgs']>;
  /** Before those of the user. */
  readonly routes?: readonly object[];
}

/** Builds the function app and the relay where they can have changed, and starts every part. */
export async function startOwnStack({
  resident,
  project = findProject(),
  ...options
}: OwnStackOptions): Promise<Stack> {
  const app = await builtApp(project);
  return startStack({
    ...options,
    ...(resident === undefined ? {} : { resident: { ...resident, module: await residentModule() } }),
    secrets: makeSecrets(),
    controlApp: app,
    workerApp: app,
    relayModule: join(IS_PACKAGED ? INSTALLATION : app, 'dist/relay/main.cjs'),
    routes: [...(options.routes ?? []), ...(await userRoutes(project))],
  });
}

/** The folder of the function app. A package has one with its own workers, and its relay, in it. */
async function builtApp({ folder, workers }: Project): Promise<string> {
  if (workers === undefined) return INSTALLATION;
  await build({
    workers,
    outDir: join(folder, 'dist'),
    parts: IS_PACKAGED ? ['functions'] : ['functions', 'relay'],
  });
  return folder;
}

/** `own` holds settings for a system that is started; one that runs already keeps those that it has. */
export async function useSystem(
  onLine?: (part: string, line: string) => void,
  own: Pick<OwnStackOptions, 'extraEnv' | 'routes' | 'project'> = {},
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

/**
 * The user's own routes: the setting `CALL_ROUTES`, from the environment or from `local.settings.json`, or else the
 * file `routes.json`.
 * @throws UsageError when the routes are no JSON array; the control app checks each of them
 */
async function userRoutes({ folder }: Project): Promise<object[]> {
  const setting = process.env['CALL_ROUTES'] ?? (await fromLocalSettings(folder));
  const text = setting?.trim()
    ? setting
    : await readFile(join(folder, 'routes.json'), 'utf8').catch(() => '');
  if (text.trim() === '') return [];
  const source = text === setting ? 'the setting CALL_ROUTES' : 'routes.json';
  const routes: unknown = parseJson(text, source);
  if (!Array.isArray(routes)) throw new UsageError(`${source} must be a JSON array of routes`);
  return routes;
}

async function fromLocalSettings(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, 'local.settings.json'), 'utf8').catch(() => undefined);
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

const stackFile = (): string => join(findProject().folder, '.trunkline/stack.json');

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
