import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** What a process of a measurement says instead of an answer when it failed. */
export interface Failed {
  readonly type: 'failed';
  readonly message: string;
}

/** A process that is kept on one core where `taskset` exists, and that talks over IPC. */
export class PinnedProcess {
  static readonly canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

  readonly #child: ChildProcess;

  constructor(module: URL, core: number, nodeArgs: readonly string[] = [], runtime = process.execPath) {
    const flags = ['--disable-warning=ExperimentalWarning', ...nodeArgs];
    const node = [runtime, ...flags, fileURLToPath(module)];
    const [command = '', ...args] = PinnedProcess.canPin ? ['taskset', '-c', String(core), ...node] : node;
    this.#child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  send(message: object): void {
    this.#child.send(message);
  }

  /** The next message of the process. @throws Error when it ends instead, or says that it failed */
  async next<T>(): Promise<T> {
    const heard = new AbortController();
    const { signal } = heard;
    const ended = once(this.#child, 'exit', { signal }).then(() => {
      throw new Error('a process of the measurement ended before its time');
    });
    ended.catch(() => {});
    const [message] = (await Promise.race([once(this.#child, 'message', { signal }), ended]).finally(() =>
      heard.abort(),
    )) as [T | Failed];
    if (typeof message === 'object' && message !== null && 'message' in message)
      throw new Error(message.message);
    return message as T;
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}
