/** A server under measurement in a process of its own, and what it uses. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PinnedProcess } from '../common/pinned-process.ts';
import type { Listening, NodeServerKind, Usage } from './messages.ts';

export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

export interface MeasuredServer {
  readonly url: string;
  /** Starts a new account. */
  reset(): Promise<void>;
  usage(): Promise<Usage>;
  stop(): void;
}

export interface NodeServerOptions {
  readonly kind: NodeServerKind;
  readonly webPubSub: string;
  /** Of the relay, instead of those of the measurement. */
  readonly settings: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
  /** The program that runs it. Defaults to that of this process. */
  readonly runtime?: string | undefined;
}

export async function startNodeServer({
  flags,
  runtime,
  ...start
}: NodeServerOptions): Promise<MeasuredServer> {
  const module = new URL('server-process.ts', import.meta.url);
  const server = new PinnedProcess(module, SERVER_CORE, flags, runtime);
  try {
    server.send({ type: 'start', ...start });
    const { url } = await server.next<Listening>();
    return {
      url,
      reset: async () => server.send({ type: 'reset' }),
      usage: async () => {
        server.send({ type: 'usage' });
        return await server.next<Usage>();
      },
      stop: () => server.stop(),
    };
  } catch (error) {
    server.stop();
    throw error;
  }
}

/**
 * The first Python of the system that has the package `websockets`, which is measured on Linux only, since its use is
 * read from /proc.
 */
export function pythonWithWebSockets(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return PYTHONS.find((python) => spawnSync(python, ['-c', 'import websockets']).status === 0);
}

const PYTHONS = ['python3', '/usr/bin/python3'];

/** Ticks of the kernel in a second, the unit of /proc/{pid}/stat. */
const TICKS_PER_SECOND = 100;
const UTIME_FIELD = 11;
const RSS_FIELD = 21;
const PAGE_BYTES = 4_096;

export async function startPythonServer(python3: string): Promise<MeasuredServer> {
  const python = [python3, fileURLToPath(new URL('websockets_echo.py', import.meta.url))];
  const [command = '', ...args] = PinnedProcess.canPin
    ? ['taskset', '-c', String(SERVER_CORE), ...python]
    : python;
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(() => {
      throw new Error('the Python server ended before its time');
    }),
  ])) as [string];
  const now = async (): Promise<{ ms: number; cpuMs: number; residentBytes: number }> => {
    const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const ticks = (fields[UTIME_FIELD] ?? 0) + (fields[UTIME_FIELD + 1] ?? 0);
    return {
      ms: performance.now(),
      cpuMs: (ticks * 1_000) / TICKS_PER_SECOND,
      residentBytes: (fields[RSS_FIELD] ?? 0) * PAGE_BYTES,
    };
  };
  let since = await now();
  return {
    url: `http://127.0.0.1:${port}/`,
    reset: async () => {
      since = await now();
    },
    usage: async () => {
      const { ms, cpuMs, residentBytes } = await now();
      return { type: 'usage', cpuShare: (cpuMs - since.cpuMs) / (ms - since.ms), residentBytes };
    },
    stop: () => void child.kill(),
  };
}
