/**
 * When one stream leaves word for the next: soon after something has changed, at once when the stream is about to be restarted, and at its end.
 *
 *     told ──changed()──▶ pending ──after a while, leaveNow()──▶ told
 *       └────────┬──────────┘
 *                └──end()──▶ over
 */

import type { Clock } from '../../shared/base/clock.ts';
import type { StreamHandover } from '../../shared/wire/relay/stream-handover.ts';

/** How soon after a change of its workers and lanes a stream leaves word of them for the next one. */
export const HANDOVER_DELAY_MS = 250;

export interface HandoverNoticeOptions {
  readonly clock: Pick<Clock, 'after'>;
  /** As things are now. */
  readonly current: () => StreamHandover;
  /** Leaves it; `isKept`: another relay is to find it as well. */
  readonly leave: (handover: StreamHandover, isKept: boolean) => Promise<void>;
}

export class HandoverNotice {
  readonly #options: HandoverNoticeOptions;
  #cancel: (() => void) | undefined;
  /** Resolves when what another relay is to find is kept. */
  #kept: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(options: HandoverNoticeOptions) {
    this.#options = options;
  }

  /** The stream has begun: this relay at least knows that there was one. */
  begin(): void {
    void this.#leave({ ...this.#options.current(), lanes: {} }, false);
  }

  changed(): void {
    if (this.#isOver) return;
    this.#cancel ??= this.#options.clock.after(HANDOVER_DELAY_MS, () => void this.leaveNow());
  }

  /** Leaves word of a change of which none is left yet; resolves when everything is kept, that which is being left included. */
  leaveNow(): Promise<void> {
    if (this.#cancel !== undefined) {
      this.#cancel();
      this.#cancel = undefined;
      this.#kept = this.#leave(this.#options.current(), true);
    }
    return this.#kept;
  }

  /** The stream is over. `isContinued`: its lanes are left to the next one; otherwise they are closed, and there is nothing to take over. */
  end(isContinued: boolean): void {
    this.#isOver = true;
    if (isContinued) {
      void this.leaveNow();
      void this.#leave(this.#options.current(), false);
      return;
    }
    this.#cancel?.();
    this.#cancel = undefined;
    void this.#leave({ ...this.#options.current(), lanes: {} }, false);
  }

  #leave(handover: StreamHandover, isKept: boolean): Promise<void> {
    return this.#options.leave(handover, isKept);
  }
}
