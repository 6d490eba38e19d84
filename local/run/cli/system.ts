/** The system that a command works with: the one that runs already, or one of its own on free ports. */

import { fileURLToPath } from 'node:url';
import { build } from '../../../scripts/build.ts';
import type { RunningSystem } from '../client/running-system.ts';
import { freePorts, type Ports } from '../stack/ports.ts';
import { makeSecrets } from '../stack/secrets.ts';
import type { SystemLayout } from '../stack/specs.ts';
import { type Stack, startStack } from '../stack/stack.ts';
import { describeStack, readStackFile } from './stack-file.ts';
import { userRoutes } from './user-routes.ts';

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
