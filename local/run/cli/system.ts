/** The system that a command works with: the one that runs already, or one of its own on free ports. */

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from '../../../scripts/build.ts';
import type { RunningSystem } from '../client/running-system.ts';
import { freePorts, type Ports } from '../stack/ports.ts';
import { makeSecrets } from '../stack/secrets.ts';
import type { SystemLayout } from '../stack/specs.ts';
import { type Stack, startStack } from '../stack/stack.ts';
import { UsageError } from './options.ts';
import { describeStack, readStackFile } from './stack-file.ts';

interface SystemInUse {
  readonly system: RunningSystem;
  /** Whether it was started for this command. */
  readonly own: boolean;
  /** Stops the system if it was started for this command; idempotent. */
  close(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

interface OwnStackOptions {
  readonly ports: Ports;
  readonly resident?: NonNullable<SystemLayout['resident']>;
  readonly onLine?: (part: string, line: string) => void;
  readonly onDeath?: (message: string) => void;
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
  if (running !== undefined) return { system: running, own: false, close: async () => {} };
  const stack = await startOwnStack({
    ports: await freePorts(),
    ...(onLine === undefined ? {} : { onLine }),
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
