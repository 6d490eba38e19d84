/**
 * The whole system for a test: every part a process of its own on a free port, with the bundles built from the sources.
 */
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import { describeStack } from '../../local/run/cli/system.ts';
import { ControlApi } from '../../local/run/client/control-api.ts';
import type { RunningSystem } from '../../local/run/client/running-system.ts';
import { Telephone } from '../../local/run/client/telephone.ts';
import { freePorts, PART_NAMES, type PartName, type Ports } from '../../local/run/stack/ports.ts';
import { makeSecrets, type Secrets } from '../../local/run/stack/secrets.ts';
import type { SystemLayout } from '../../local/run/stack/specs.ts';
import { type Stack, startStack } from '../../local/run/stack/stack.ts';
import { build } from '../../scripts/build.ts';
import { COMPILED } from './compiled.ts';
import { wholeSystemRun } from './whole-system-run.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A running system that a test may call. */
export interface CalledSystem {
  readonly system: RunningSystem;
  readonly secrets: Secrets;
  readonly telephone: Telephone;
  readonly control: ControlApi;
}

/** A system that belongs to one test file, which starts and stops it. */
export interface TestSystem extends CalledSystem {
  readonly stack: Stack;
  /** The folder of the built product, as `buildProduct` makes it. */
  readonly product: string;
  /**
   * Everything that the parts have printed, one line each, to explain a failure and to look for what must not be there.
   */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

export interface TestSystemOptions {
  /** The entry of a worker app in place of the product's. */
  readonly workerApp?: string;
  /** Routes before those of the directory. */
  readonly routes?: readonly object[];
  readonly extraEnv?: SystemLayout['extraEnv'];
  readonly extraArgs?: SystemLayout['extraArgs'];
  /** Workers that stay with their calls. */
  readonly residents?: readonly string[];
  readonly ports?: Ports;
  /**
   * The folder of the built product, from `buildProduct`. Defaults to that of this run, else to one built for this
   * system.
   */
  readonly product?: string;
  /** Sees each line that a part prints. */
  readonly onLine?: (line: string) => void;
}

/**
 * Of every relay of a test: the machine that runs it may be so busy that a relay would rightly take no further call.
 */
export const ON_A_BUSY_MACHINE = { MAX_LOOP_DELAY_MS: '5000' } as const;

/** Of every ACS emulator of a test: whoever is to answer a call, or to accept its media socket, may be held up. */
const PATIENT_EMULATOR = ['--behaviour', 'mediaHandshakeMs=30000', '--behaviour', 'ringMs=120000'];

/** Of both function apps: a request that would hang in Azure fails at once, with the reason. */
const STRICT = '--strict';

/**
 * For tests that want every sample of whole answers without a hole: the machine that runs them may hold up any process,
 * and all at once, which tears the audio of a relay that is set for conversation. Whoever may be held up so long, the
 * other side has audio for as long.
 */
export const LONG_LEAD = { relay: { PLAYOUT_LEAD_MS: '5000' } } as const;

/**
 * The same for answers that come at the pace of speech, where the way to the worker and back may be held up as well. A
 * worker that is held up finds everything that was said meanwhile.
 */
export const PATIENT_RELAY = {
  relay: { ...LONG_LEAD.relay, JITTER_BUFFER_MS: '2000', MAX_BACKLOG_MS: '60000' },
} as const;

/** Parts that run a bundle; the others are run from the sources. */
const BUNDLED: readonly PartName[] = ['control', 'worker', 'relay'];

/**
 * Builds what is deployed, once for all systems of a run: into the folder of a function app with the relay's bundle in
 * its `dist`.
 */
export async function buildProduct(parent: string): Promise<string> {
  const app = await appFolder(parent, 'app');
  await build({ outDir: join(app, 'dist') });
  return app;
}

export async function startTestSystem(options: TestSystemOptions = {}): Promise<TestSystem> {
  const run = wholeSystemRun();
  const folder = await mkdtemp(join(run?.folder ?? tmpdir(), 'trunkline-'));
  const log: string[] = [];
  const note = (line: string): void => {
    log.push(line);
    options.onLine?.(line);
  };
  const app = options.product ?? run?.product ?? (await buildProduct(folder));
  const workerApp = options.workerApp === undefined ? app : await appFolder(folder, 'workers');
  if (options.workerApp !== undefined) await bundleApp(options.workerApp, workerApp);
  // What one system has compiled of the bundles need not be compiled for the next one of the same run.
  const compiled = { NODE_COMPILE_CACHE: join(app, 'compiled') };
  const stack = await startStack({
    ports: options.ports ?? (await freePorts()),
    secrets: makeSecrets(),
    controlApp: app,
    workerApp,
    relayModule: join(app, 'dist/relay/main.cjs'),
    ...(options.residents && { resident: { workers: options.residents, port: (await freePorts()).worker } }),
    ...(options.routes && { routes: options.routes }),
    extraEnv: Object.fromEntries(
      PART_NAMES.map((part) => [
        part,
        {
          ...(BUNDLED.includes(part) ? compiled : COMPILED),
          ...(part === 'relay' && ON_A_BUSY_MACHINE),
          ...options.extraEnv?.[part],
        },
      ]),
    ),
    extraArgs: {
      ...options.extraArgs,
      acs: [...PATIENT_EMULATOR, ...(options.extraArgs?.acs ?? [])],
      control: [STRICT, ...(options.extraArgs?.control ?? [])],
      worker: [STRICT, ...(options.extraArgs?.worker ?? [])],
    },
    onLine: (part, line) => note(`[${part}] ${line}`),
    onDeath: note,
  }).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  return {
    ...calledSystem(describeStack(stack), stack.secrets),
    stack,
    product: app,
    log,
    stop: async () => {
      await stack.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function calledSystem(system: RunningSystem, secrets: Secrets): CalledSystem {
  return { system, secrets, telephone: new Telephone(system), control: new ControlApi(system) };
}

async function appFolder(parent: string, name: string): Promise<string> {
  const folder = join(parent, name);
  await mkdir(folder);
  for (const file of ['host.json', 'package.json']) await copyFile(join(ROOT, file), join(folder, file));
  return folder;
}

async function bundleApp(entry: string, folder: string): Promise<void> {
  await bundle({
    entryPoints: [entry],
    outfile: join(folder, 'dist/functions/main.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['@azure/functions-core'],
    logLevel: 'silent',
  });
}
