/** What the workers of the calls of one command do, and what befalls their process, though it may serve other calls. */
import type { CallReport as TelephoneReport } from '../../emulators/acs/control/call-report.ts';
import { isOfProcess, type Notice } from '../watch/notice.ts';
import type { CallDisplay } from './call-display.ts';
import { WorkerNotices } from './worker-notices.ts';

const MAX_EARLY = 1_000;

export class CallNotices {
  readonly #display: CallDisplay;
  readonly #notices: WorkerNotices;
  readonly #connections = new Set<string>();
  /** Of calls that may be ours: whose they are shows a moment later. */
  #early: Notice[] = [];

  constructor(display: CallDisplay) {
    this.#display = display;
    this.#notices = new WorkerNotices((text) => display.print(text));
  }

  get failures(): number {
    return this.#notices.failures;
  }

  /** `calls`: of the command, as they stand now. `news`: of all calls of the system. */
  look(calls: readonly TelephoneReport[], news: readonly Notice[]): void {
    for (const { callConnectionId } of calls)
      if (callConnectionId !== undefined) this.#connections.add(callConnectionId);
    const waiting = [...this.#early, ...news];
    this.#early = [];
    for (const notice of waiting) {
      const { callConnectionId } = notice;
      if (isOfProcess(notice) || callConnectionId === undefined || this.#connections.has(callConnectionId))
        this.#notices.take(notice);
      else this.#early.push(notice);
    }
    this.#early.splice(0, this.#early.length - MAX_EARLY);
  }

  /** Prints what happened more often than it was told, and why the command fails if it does for that. */
  end(): void {
    const repeated = this.#notices.repeated();
    if (repeated !== undefined) this.#display.print(`\n${repeated}`);
    if (this.failures > 0) this.#display.print('\nFAILED: a worker has failed during this call, see above.');
  }
}
