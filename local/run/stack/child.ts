/** One process of the local system, seen from the parent: started, ready, stopped, killed. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { ReadyMessage } from '../../emulators/common/child.ts';
import { moduleFile } from '../project/installation.ts';
import { NOTICE_FD, type Notice, parseNotice } from '../watch/notice.ts';

export interface ChildSpec {
  /** As it is called in messages: "relay", "worker app". */
  readonly name: string;
  readonly module: string;
  readonly args?: readonly string[];
  /** Flags of Node itself. */
  readonly nodeArgs?: readonly string[];
  /** Beside the few variables that every process needs. */
  readonly env: Readonly<Record<string, string>>;
  /** The process runs workers: it tells what they log, throw and block. */
  readonly isWatched?: boolean;
}

const READY_LIMIT_MS = 180_000;
const STOP_LIMIT_MS = 5_000;
/** A process's output may be read to its end after it has exited, but no longer: another process may hold it open. */
const LAST_WORDS_LIMIT_MS = 5_000;
/** Source maps are applied, so that errors name the author's own files. */
const WATCHED_ARGS = [
  '--enable-source-maps',
  '--import',
  pathToFileURL(moduleFile('local/run/watch/preload')).href,
];
/** Lines of a process that are kept to explain why it ended. */
const KEPT_LINES = 20;

/** What every process inherits; nothing else of the parent's environment reaches it. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'SystemRoot', 'NODE_EXTRA_CA_CERTS'];

export class Child {
  readonly spec: ChildSpec;
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #exited: Promise<unknown>;
  /** It has ended, and everything that it said has been read. */
  readonly #silent: Promise<unknown>;
  #isReady = false;
  #stopping = false;

  /**
   * `onLine` sees every line that the process prints; `onDeath` is called when it ends without having been told to;
   * `onNotice` sees what a watched process tells of its workers.
   */
  constructor(
    spec: ChildSpec,
    onLine: (name: string, line: string) => void,
    onDeath: (child: Child) => void,
    onNotice: (notice: Notice) => void = () => {},
  ) {
    this.spec = spec;
    const inherited = INHERITED.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    this.#process = fork(spec.module, [...(spec.args ?? [])], {
      env: { ...Object.fromEntries(inherited), ...spec.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...(spec.isWatched ? (['pipe'] as const) : [])],
      // A terminal sends Ctrl-C to its whole process group. Parts end when the command tells them, in their own groups.
      detached: process.platform !== 'win32',
      // Node runs the local system's sources by type stripping, which older releases announce on every start.
      execArgv: [
        '--disable-warning=ExperimentalWarning',
        ...(spec.isWatched ? WATCHED_ARGS : []),
        ...(spec.nodeArgs ?? []),
      ],
    });
    const keep = (line: string): void => {
      this.#lines.push(line);
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
      onLine(spec.name, line);
    };
    for (const stream of [this.#process.stdout, this.#process.stderr]) readLines(stream, keep);
    readLines((this.#process.stdio[NOTICE_FD] ?? null) as Readable | null, (line) => {
      const notice = this.#stopping ? undefined : parseNotice(line);
      if (notice !== undefined) onNotice(notice);
    });
    const closed = once(this.#process, 'close');
    this.#exited = once(this.#process, 'exit');
    this.#silent = this.#exited.then(async () => {
      const isUnexpected = this.#isReady && !this.#stopping;
      await Promise.race([closed, delay(LAST_WORDS_LIMIT_MS, undefined, { ref: false })]);
      if (isUnexpected) onDeath(this);
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Resolves with the address once the process listens. @throws Error with its last words when it ends before */
  async ready(): Promise<string> {
    const died = this.#silent.then(() => {
      throw new Error(this.#lines.at(-1) ?? this.obituary());
    });
    const ready = new Promise<string>((resolve) => {
      this.#process.on('message', (message: ReadyMessage) => {
        if (message.type === 'ready') resolve(message.url);
      });
    });
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const limit = `${READY_LIMIT_MS / 1_000} s`;
      late.reject(new Error(`${this.spec.name} was not ready within ${limit}\n${this.#lines.join('\n')}`));
    }, READY_LIMIT_MS);
    try {
      const url = await Promise.race([ready, died, late.promise]);
      this.#isReady = true;
      return url;
    } finally {
      clearTimeout(timer);
      died.catch(() => {});
    }
  }

  /** Asks the process to stop and waits; one that does not is killed. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.hasEnded) return;
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_LIMIT_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Ends the process at once, as a crash would. */
  async kill(): Promise<void> {
    this.#stopping = true;
    if (this.hasEnded) return;
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  /** How it ended, and the last that it said. */
  obituary(): string {
    const { exitCode, signalCode } = this.#process;
    const how = signalCode === null ? `exit status ${exitCode}` : signalCode;
    const said = this.#lines.length > 0 ? `:\n  ${this.#lines.join('\n  ')}` : ' and said nothing';
    return `${this.spec.name} ended unexpectedly (${how})${said}`;
  }
}

function readLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on('line', onLine);
}
