/** The live calls of a relay, and how they are moved to other relays when it is to end. */
import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import { drain, type MovableCall } from './drain.ts';
import type { RestartStreaming } from './restart-streaming.ts';

/** How long a call may take to leave word of itself before its stream is restarted. */
const NOTICE_LIMIT_MS = 1_000;

export interface CallMigratorOptions {
  /** Absent where the address of the control app is not known: calls cannot be moved then. */
  readonly restartStreaming: RestartStreaming | undefined;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface LiveCall {
  readonly callId: string;
  /** As it came. Never logged. */
  readonly ticketText: string;
  readonly isQuiet: () => boolean;
  /** Its stream is about to be restarted. */
  readonly prepareMigration: () => Promise<void>;
  /** Resolves when its stream is over. */
  readonly over: Promise<void>;
}

export class CallMigrator {
  readonly #options: CallMigratorOptions;
  readonly #calls = new Set<MovableCall>();

  constructor(options: CallMigratorOptions) {
    this.#options = options;
  }

  /** Remembers a call until its stream is over. */
  follow({ callId, ticketText, isQuiet, prepareMigration, over }: LiveCall): void {
    const { restartStreaming, clock } = this.#options;
    const call: MovableCall = {
      over,
      isQuiet,
      restart: async () => {
        if (restartStreaming === undefined) return 'failed';
        await Promise.race([
          prepareMigration(),
          new Promise<void>((resolve) => clock.after(NOTICE_LIMIT_MS, resolve)),
        ]);
        return await restartStreaming(callId, ticketText);
      },
    };
    this.#calls.add(call);
    void over.then(() => this.#calls.delete(call));
  }

  /** Moves every call that is live now; resolves when they are gone or at the deadline, at once where calls cannot be moved. */
  async moveAll(): Promise<void> {
    const { restartStreaming, deadlineMs, clock, log } = this.#options;
    if (restartStreaming === undefined) return;
    log.info({ calls: this.#calls.size }, 'the relay has its calls moved');
    const report = await drain([...this.#calls], { clock, deadlineMs });
    log.info({ ...report }, 'the calls are moved');
  }
}
