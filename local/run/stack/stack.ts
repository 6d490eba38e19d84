/** The whole system on this machine: every part a process of its own, started together and stopped together. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Notice } from '../watch/notice.ts';
import { checkRoutes, requireNamesOnce } from './check-workers.ts';
import type { ChildSpec } from './child.ts';
import {
  type DirectoryEntry,
  directoryRoutes,
  makeDirectory,
  type OfferedWorker,
  OUTBOUND_ROUTE,
  withResidents,
} from './directory.ts';
import { KeptChild } from './kept-child.ts';
import { PART_NAMES, type PartName, type Ports } from './ports.ts';
import type { Secrets } from './secrets.ts';
import { addressOf, residentSpec, residentUrl, type SystemLayout, specOf } from './specs.ts';

interface StackOptions extends SystemLayout {
  /** Routes that come before those of the directory. */
  readonly routes?: readonly object[];
  /** Refuses routes with workers that the worker app does not have. Defaults to false: they may run elsewhere. */
  readonly checksWorkers?: boolean;
  readonly onLine?: (part: string, line: string) => void;
  /** A part has started: so many of all. */
  readonly onStarted?: (started: number, all: number) => void;
  /** A part ended by itself; the others go on until `stop`. Processes of workers are started again instead. */
  readonly onDeath?: (message: string) => void;
  /** What workers log, throw and block. */
  readonly onNotice?: (notice: Notice) => void;
}

export interface Stack {
  readonly ports: Ports;
  readonly secrets: Secrets;
  readonly directory: readonly DirectoryEntry[];
  /** Those that were given. */
  readonly ownRoutes: readonly object[];
  /** All of them, in order: those that were given, and those of the directory. */
  readonly routes: readonly object[];
  url(part: PartName): string;
  /** Where the resident workers are, if there are any. */
  readonly residentUrl?: string;
  /** Process ids of the running parts, for measuring them. */
  pids(): Partial<Record<PartName, number>>;
  /** Ends a part as a crash would. */
  kill(part: PartName): Promise<void>;
  /** Starts a part that has ended, with the settings that it had. */
  restart(part: PartName): Promise<void>;
  stop(): Promise<void>;
}

/** How long the worker app may take to answer which workers it has. */
const WORKERS_LIMIT_MS = 60_000;
const WORKERS_RETRY_MS = 100;

/** Starts every part. When one cannot start, those that did are stopped and the error says why, in one sentence. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const children = new Map<PartName | 'resident', KeptChild>();
  const { resident } = options;
  const { onLine = () => {}, onDeath = () => {}, onNotice = () => {} } = options;
  const all = PART_NAMES.length + (resident === undefined ? 0 : 1);
  let started = 0;
  const run = async (name: PartName | 'resident', spec: ChildSpec): Promise<void> => {
    const child = new KeptChild(spec, { onLine, onDeath, onNotice });
    children.set(name, child);
    await child.start();
    started += 1;
    options.onStarted?.(started, all);
  };
  const start = (part: PartName, routes?: readonly object[]): Promise<void> =>
    run(part, specOf(part, options, routes));
  const stop = async (): Promise<void> => {
    await Promise.all([...children.values()].map((child) => child.stop()));
  };
  try {
    // The control app waits for the worker app, since the local directory has a number for each worker.
    const others = PART_NAMES.filter((part) => part !== 'control').map((part) => start(part));
    if (resident !== undefined) others.push(run('resident', residentSpec(options, resident)));
    await allOrFirstError(others);
    const offered = withResidents(await offeredWorkers(options), resident?.workers ?? []);
    requireNamesOnce(offered);
    const directory = makeDirectory(offered);
    const ownRoutes = options.routes ?? [];
    const routes = [...ownRoutes, ...directoryRoutes(directory), OUTBOUND_ROUTE];
    if (options.checksWorkers === true)
      checkRoutes(
        routes,
        offered.map(({ name }) => name),
      );
    await start('control', routes);
    return {
      ports: options.ports,
      secrets: options.secrets,
      directory,
      ownRoutes,
      routes,
      url: (part) => addressOf(options.ports, part),
      ...(resident === undefined ? {} : { residentUrl: residentUrl(resident) }),
      pids: () => Object.fromEntries([...children].map(([part, child]) => [part, child.pid])),
      kill: async (part) => children.get(part)?.kill(),
      restart: (part) => start(part, routes),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits for all, so that none is still starting when the error is thrown. */
async function allOrFirstError(starting: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(starting)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function offeredWorkers({ ports, secrets }: StackOptions): Promise<OfferedWorker[]> {
  const url = `${addressOf(ports, 'worker')}/api/workers`;
  const giveUpAtMs = performance.now() + WORKERS_LIMIT_MS;
  for (;;) {
    const response = await fetch(url, { headers: { 'x-functions-key': secrets.functionsHostKey } });
    if (response.ok) return (await response.json()) as OfferedWorker[];
    if (performance.now() > giveUpAtMs)
      throw new Error(
        `the worker app does not say which workers it has: GET /api/workers answers ${response.status}`,
      );
    await delay(WORKERS_RETRY_MS);
  }
}
