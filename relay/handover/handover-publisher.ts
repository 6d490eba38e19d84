/**
 * Decides when a stream saves its state for the next stream of the call: soon after a change, at once when the stream
 * is about to restart, and at its end.
 *
 *     saved ──changed()──▶ pending ──after HANDOVER_DELAY_MS, saveNow()──▶ saved
 *       └────────┬──────────┘
 *                └──end()──▶ over
 */

import type { Clock } from '../../shared/base/clock.ts';
import type { StreamHandover } from '../../shared/wire/relay/stream-handover.ts';

/** How soon after a change of workers or lanes a stream saves its state. */
const HANDOVER_DELAY_MS = 250;

interface HandoverPublisherOptions {
  readonly clock: Pick<Clock, 'after'>;
  /** The state at this moment. */
  readonly current: () => StreamHandover;
  /** Saves the state. `isShared`: also where another relay can load it. Resolves when that is done. */
  readonly save: (handover: StreamHandover, isShared: boolean) => Promise<void>;
}

export class HandoverPublisher {
  readonly #options: HandoverPublisherOptions;
  #cancel: (() => void) | undefined;
  /** Resolves when the last state for other relays is saved. */
  #saved: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(options: HandoverPublisherOptions) {
    this.#options = options;
  }

  /** The stream has begun. This relay remembers at least that there was one. */
  begin(): void {
    void this.#options.save({ ...this.#options.current(), lanes: {} }, false);
  }

  changed(): void {
    if (this.#isOver) return;
    this.#cancel ??= this.#options.clock.after(HANDOVER_DELAY_MS, () => void this.saveNow());
  }

  /** Saves the latest change if it is not saved yet. Resolves once every pending save is complete. */
  saveNow(): Promise<void> {
    if (this.#cancel !== undefined) {
      this.#cancel();
      this.#cancel = undefined;
      this.#saved = this.#options.save(this.#options.current(), true);
    }
    return this.#saved;
  }

  /**
   * The stream is over. `isContinued`: the next stream takes its lanes over. Otherwise the lanes are closed, and there
   * is nothing to take over.
   */
  end(isContinued: boolean): void {
    this.#isOver = true;
    if (isContinued) {
      void this.saveNow();
      void this.#options.save(this.#options.current(), false);
      return;
    }
    this.#cancel?.();
    this.#cancel = undefined;
    void this.#options.save({ ...this.#options.current(), lanes: {} }, false);
  }
}
