/** The live calls of a relay, which it moves to other relays before it ends. */
import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import type { ProvableCall } from '../../shared/wire/signed/relay-proof.ts';
import type { ControlAppClient } from './control-app.ts';
import { drain, type MovableCall } from './drain.ts';

/** How long a call may take to save its state before its stream is restarted. */
const NOTICE_LIMIT_MS = 1_000;

interface CallMigratorOptions {
  /** Undefined where the relay does not know the control app: it cannot move calls then. */
  readonly controlApp: Pick<ControlAppClient, 'restartStreaming'> | undefined;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

interface LiveCall {
  readonly ticket: ProvableCall;
  readonly isQuiet: () => boolean;
  /** Saves the call's state for the relay that goes on with it. */
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
  follow({ ticket, isQuiet, prepareMigration, over }: LiveCall): void {
    const { controlApp, clock } = this.#options;
    const call: MovableCall = {
      over,
      isQuiet,
      restart: async () => {
        if (controlApp === undefined) return 'failed';
        await Promise.race([
          prepareMigration(),
          new Promise<void>((resolve) => clock.after(NOTICE_LIMIT_MS, resolve)),
        ]);
        return await controlApp.restartStreaming(ticket);
      },
    };
    this.#calls.add(call);
    void over.then(() => this.#calls.delete(call));
  }

  /**
   * Moves every call that is live now. Resolves when they are gone or at the deadline; at once without a control app.
   */
  async moveAll(): Promise<void> {
    const { controlApp, deadlineMs, clock, log } = this.#options;
    if (controlApp === undefined) return;
    log.info({ calls: this.#calls.size }, 'the relay moves its calls to other relays');
    const report = await drain([...this.#calls], { clock, deadlineMs });
    log.info({ ...report }, 'the relay has moved its calls');
  }
}
