/** A process that is started again when it ends by itself, where it runs workers: their faults end no system. */
import type { Notice } from '../watch/notice.ts';
import { Child, type ChildSpec } from './child.ts';

export interface ChildEvents {
  readonly onLine: (name: string, line: string) => void;
  /** It has ended by itself and stays so. */
  readonly onDeath: (message: string) => void;
  readonly onNotice: (notice: Notice) => void;
}

/** The Functions host starts a worker process that ended again; so does what runs resident workers. */
const RESTARTS = { most: 10, withinMs: 60_000 } as const;

export class KeptChild {
  readonly #spec: ChildSpec;
  readonly #events: ChildEvents;
  #restartedAtMs: number[] = [];
  #child: Child | undefined;
  #isStopping = false;
  #isBlocked = false;

  constructor(spec: ChildSpec, events: ChildEvents) {
    this.#spec = spec;
    this.#events = events;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves with the address once the process listens. @throws Error with its last words when it ends before */
  start(): Promise<string> {
    const { onLine, onNotice } = this.#events;
    const child = new Child(
      this.#spec,
      onLine,
      (dead) => this.#again(dead),
      (notice) => {
        onNotice(notice);
        if (notice.kind === 'blocked') this.#isBlocked = true;
        if (notice.kind === 'unblocked') this.#isBlocked = false;
        if (notice.kind === 'hung') void child.kill().then(() => this.#again(child));
      },
    );
    this.#child = child;
    this.#isBlocked = false;
    return child.ready();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    // A process that is blocked would not hear that it is asked.
    if (this.#isBlocked) await this.#child?.kill();
    else await this.#child?.stop();
  }

  /** Ends the process at once, as a crash would, and leaves it so. */
  async kill(): Promise<void> {
    this.#isStopping = true;
    await this.#child?.kill();
  }

  #again(dead: Child): void {
    if (this.#isStopping) return;
    const { onDeath, onNotice } = this.#events;
    const { name, isWatched } = this.#spec;
    if (isWatched !== true || !this.#mayRestart(performance.now())) {
      onDeath(dead.obituary());
      return;
    }
    onNotice({ kind: 'restarted', text: `The ${name} has ended, and is started again.` });
    this.start().catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      if (!this.#isStopping) onDeath(`${name} does not start again: ${why}`);
    });
  }

  #mayRestart(nowMs: number): boolean {
    this.#restartedAtMs = this.#restartedAtMs.filter((atMs) => nowMs - atMs < RESTARTS.withinMs);
    this.#restartedAtMs.push(nowMs);
    return this.#restartedAtMs.length <= RESTARTS.most;
  }
}
