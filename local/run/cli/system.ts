/** The system that a command works with: the one that runs already, or one of its own on free ports. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from '../../../scripts/build.ts';
import { UsageError } from '../../../shared/base/command-line.ts';
import { endWithNpm } from '../../../shared/base/end-with-npm.ts';
import { parseRoutes, RoutesError } from '../../../shared/wire/call/routes-schema.ts';
import { connectTelephones } from '../client/called-telephones.ts';
import { type RunningSystem, readStackFile } from '../client/running-system.ts';
import { INSTALLATION, IS_PACKAGED } from '../project/installation.ts';
import { findProject, type Project, samplesProject } from '../project/project.ts';
import { freePorts, type PartName, type Ports } from '../stack/ports.ts';
import { makeSecrets } from '../stack/secrets.ts';
import { FICTIONAL_TELEPHONES, type SystemLayout, tablesConnectionOf } from '../stack/specs.ts';
import { type Stack, startStack } from '../stack/stack.ts';
import type { Notice } from '../watch/notice.ts';
import { NoticeReader } from './notice-file.ts';
import { residentModule } from './program.ts';

export interface SystemInUse {
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
  /** What the command is doing, and how far it is. */
  readonly onProgress?: (what: string, howFar: string) => void;
  readonly extraEnv?: NonNullable<SystemLayout['extraEnv']>;
  /** Runs the workers that Trunkline brings, and no route of the user. Defaults to the project around the command. */
  readonly samples?: boolean;
  readonly extraArgs?: NonNullable<SystemLayout['extraArgs']>;
  /** Before those of the user. */
  readonly routes?: readonly object[];
  /** The key of the HTTP functions. Defaults to one that this start makes. */
  readonly functionsKey?: string;
}

/** Builds the function app and the relay and starts every part. @throws UsageError for routes that are not valid */
export async function startOwnStack(options: OwnStackOptions): Promise<Stack> {
  const { onProgress, functionsKey, resident, samples = false, ...layout } = options;
  const project = samples ? samplesProject() : findProject();
  const routes = [...(options.routes ?? []), ...(samples ? [] : await userRoutes(project))];
  onProgress?.('Building the function app and the relay …', '');
  const app = await builtApp(project);
  const starting = 'Starting the emulators, the relay and two function apps …';
  onProgress?.(starting, '');
  try {
    const stack = await startStack({
      ...layout,
      ...(resident === undefined ? {} : { resident: { ...resident, module: await residentModule() } }),
      secrets: {
        ...makeSecrets(),
        ...(functionsKey === undefined ? {} : { functionsHostKey: functionsKey }),
      },
      controlApp: app,
      workerApp: app,
      relayModule: join(IS_PACKAGED ? INSTALLATION : app, 'dist/relay/main.cjs'),
      routes,
      checksWorkers: true,
      onStarted: (started, all) => onProgress?.(starting, `(${started} of ${all})`),
    });
    await connectTelephones(describeStack(stack));
    return stack;
  } catch (error) {
    if (error instanceof RoutesError) throw new UsageError(error.message);
    throw error;
  }
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

/** `own` is about a system that is started; one that runs already keeps what it has. */
export async function useSystem(
  own: Pick<OwnStackOptions, 'onLine' | 'onProgress' | 'extraEnv' | 'routes' | 'samples'> = {},
): Promise<SystemInUse> {
  // Routes and workers belong to the start of a system.
  const isAnyone = own.routes === undefined && own.samples !== true;
  const running = isAnyone ? await readStackFile() : undefined;
  if (running !== undefined) {
    const reader = new NoticeReader();
    return { system: running, own: false, notices: () => reader.next(), close: async () => {} };
  }
  const noticed: Notice[] = [];
  const stack = await startOwnStack({
    ports: await freePorts(),
    onNotice: (notice) => void noticed.push(notice),
    ...own,
  });
  const stop = (): void => {
    void stack.stop().finally(() => process.exit(130));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  endWithNpm(stop);
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
 * @throws UsageError with every problem of them
 */
async function userRoutes({ folder }: Project): Promise<object[]> {
  const setting = process.env['CALL_ROUTES'] ?? (await fromLocalSettings(folder));
  const text = setting?.trim()
    ? setting
    : await readFile(join(folder, 'routes.json'), 'utf8').catch(() => '');
  if (text.trim() === '') return [];
  const source = text === setting ? 'the setting CALL_ROUTES' : 'the file routes.json';
  const routes: unknown = parseJson(text, source);
  if (Array.isArray(routes) && routes.length === 0) return [];
  try {
    parseRoutes(routes);
  } catch (error) {
    if (error instanceof RoutesError)
      throw new UsageError(`${source.replace('the', 'The')}: ${error.message}`);
    throw error;
  }
  return routes as object[];
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
    tablesConnectionString: tablesConnectionOf(stack),
    directory: stack.directory,
    routes: stack.routes,
    outboundAllowed: FICTIONAL_TELEPHONES,
  };
}
