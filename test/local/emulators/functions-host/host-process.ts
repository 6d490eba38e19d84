import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { COMPILED } from '../../../support/compiled.ts';

const MAIN = join(import.meta.dirname, '../../../../local/emulators/functions-host/main.ts');

/** How long a process may take to start or to end before a test gives up on it. */
const LIMIT_MS = 30_000;

export const KEYS = {
  master: 'master-key',
  host: { default: 'host-key', other: 'other-host-key' },
  system: { eventgrid_extension: 'eventgrid-key' },
  function: { secured: { default: 'secured-key' }, masterOnly: { default: 'masterOnly-key' } },
};

export interface HostProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Everything that the process has written to its standard output and error so far. */
  output(): string;
  /** Resolves with the exit status once the process has ended. */
  ended(): Promise<number | null>;
  stop(): Promise<void>;
}

export interface EndedProcess {
  readonly code: number | null;
  readonly output: string;
}

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly keys?: string;
  readonly args?: readonly string[];
}

/** Starts a host on any free port and waits until it serves. */
export async function startHost(folder: string, options: ProcessOptions = {}): Promise<HostProcess> {
  const started = launch(['--app', folder, '--port', '0', ...(options.args ?? [])], options);
  const first = await Promise.race([
    once(started.child, 'message').then(([message]) => message as { url: string }),
    started.ended(),
  ]);
  if (first === null || typeof first === 'number') {
    throw new Error(`the host ended with status ${first} before it was ready:\n${started.output()}`);
  }
  return { ...started, url: first.url };
}

/** Starts a host that is expected not to start, and waits until it has ended. */
export async function startRefused(
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<EndedProcess> {
  const started = launch(args, options);
  const code = await started.ended();
  return { code, output: started.output() };
}

function launch(args: readonly string[], options: ProcessOptions): Omit<HostProcess, 'url'> {
  let output = '';
  const child = fork(MAIN, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
    env: {
      PATH: process.env['PATH'],
      ...COMPILED,
      FUNCTIONS_WORKER_RUNTIME: 'node',
      FUNCTIONS_HOST_KEYS: options.keys ?? JSON.stringify(KEYS),
      ...options.env,
    },
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  child.once('message', () => clearTimeout(limit));
  const closed = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      clearTimeout(limit);
      resolve(code);
    });
  });
  return {
    child,
    output: () => output,
    ended: () => closed,
    stop: async () => {
      child.kill('SIGTERM');
      await closed;
    },
  };
}
