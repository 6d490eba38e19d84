/** The whole system for a test: every part a process of its own on a free port, with the bundles built from the sources. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build as bundle } from 'esbuild';
import { describeStack } from '../../local/run/cli/stack-file.ts';
import { ControlApi } from '../../local/run/client/control-api.ts';
import type { RunningSystem } from '../../local/run/client/running-system.ts';
import { Telephone } from '../../local/run/client/telephone.ts';
import { freePorts, type Ports } from '../../local/run/stack/ports.ts';
import { makeSecrets } from '../../local/run/stack/secrets.ts';
import type { SystemLayout } from '../../local/run/stack/specs.ts';
import { type Stack, startStack } from '../../local/run/stack/stack.ts';
import { build } from '../../scripts/build.ts';

export interface TestSystem {
  readonly stack: Stack;
  readonly system: RunningSystem;
  readonly telephone: Telephone;
  readonly control: ControlApi;
  /** Everything that the parts have printed, one line each, to explain a failure and to look for what must not be there. */
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
}

/** Of every relay of a test: the machine that runs it may be so busy that a relay would rightly take no further call. */
export const ON_A_BUSY_MACHINE = { MAX_LOOP_DELAY_MS: '5000' } as const;

/**
 * For tests that want every sample of whole answers without a hole: the machine that runs them may hold up any process, and all at once, which
 * tears the audio of a relay that is set for conversation. Whoever may be held up so long, the other side has audio for as long.
 */
export const LONG_LEAD = { relay: { PLAYOUT_LEAD_MS: '2000' } } as const;

/** The same for answers that come at the pace of speech, where the way to the worker and back may be held up as well. */
export const PATIENT_RELAY = { relay: { ...LONG_LEAD.relay, JITTER_BUFFER_MS: '2000' } } as const;

export async function startTestSystem(options: TestSystemOptions = {}): Promise<TestSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-'));
  const log: string[] = [];
  const app = await appFolder(folder, 'app');
  await build({ outDir: join(app, 'dist') });
  const workerApp = options.workerApp === undefined ? app : await appFolder(folder, 'workers');
  if (options.workerApp !== undefined) await bundleApp(options.workerApp, workerApp);
  const stack = await startStack({
    ports: options.ports ?? (await freePorts()),
    secrets: makeSecrets(),
    controlApp: app,
    workerApp,
    relayModule: join(app, 'dist/relay/main.cjs'),
    ...(options.residents && { resident: { workers: options.residents, port: (await freePorts()).worker } }),
    ...(options.routes && { routes: options.routes }),
    extraEnv: { ...options.extraEnv, relay: { ...ON_A_BUSY_MACHINE, ...options.extraEnv?.relay } },
    ...(options.extraArgs && { extraArgs: options.extraArgs }),
    onLine: (part, line) => log.push(`[${part}] ${line}`),
    onDeath: (message) => log.push(message),
  }).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const system = describeStack(stack);
  return {
    stack,
    system,
    telephone: new Telephone(system),
    control: new ControlApi(system),
    log,
    stop: async () => {
      await stack.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function appFolder(parent: string, name: string): Promise<string> {
  const folder = join(parent, name);
  await mkdir(folder);
  await writeFile(join(folder, 'host.json'), '{"version":"2.0","extensions":{"http":{"routePrefix":"api"}}}');
  await writeFile(join(folder, 'package.json'), '{"main":"dist/functions/main.cjs"}');
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
