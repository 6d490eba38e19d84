/**
 * The states of one media stream, and when and why it ended. Pure: time is a parameter.
 *
 *     connected ──heard()──▶ streaming
 *         └────────┬─────────────┘
 *                  │ end(cause), and `over` resolves
 *                  ▼
 *               ending ──finish(), and `ended` resolves──▶ ended
 */
import type { CallReport } from './call-report.ts';
import type { CloseCause } from './close-cause.ts';

type LifeReport = Pick<CallReport, 'state' | 'startedAtMs' | 'endedAtMs' | 'endedReason'>;

export class SessionLife {
  readonly #startedAtMs: number;
  readonly #over = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #state: CallReport['state'] = 'connected';
  #endedReason: CloseCause | undefined;
  #endedAtMs: number | undefined;

  /** `nowMs`: since the epoch, as in the whole class. */
  constructor(nowMs: number) {
    this.#startedAtMs = nowMs;
  }

  /** Resolves when the stream is over, for whatever cause. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Resolves when the stream is over and the workers know it. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** From `ending` on. */
  get isOver(): boolean {
    return this.#state === 'ending' || this.#state === 'ended';
  }

  /** ACS has begun to stream. Only the first time counts. */
  heard(): void {
    if (this.#state === 'connected') this.#state = 'streaming';
  }

  /** The stream is over. Returns false when it was over before: the first cause counts. */
  end(cause: CloseCause): boolean {
    switch (this.#state) {
      case 'connected':
      case 'streaming':
        this.#state = 'ending';
        this.#endedReason = cause;
        this.#over.resolve();
        return true;
      case 'ending':
      case 'ended':
        return false;
    }
  }

  /** Every worker knows, or could not be reached in time. Does nothing unless the stream is `ending`. */
  finish(nowMs: number): void {
    if (this.#state !== 'ending') return;
    this.#state = 'ended';
    this.#endedAtMs = nowMs;
    this.#ended.resolve();
  }

  report(): LifeReport {
    return {
      state: this.#state,
      startedAtMs: this.#startedAtMs,
      ...(this.#endedAtMs === undefined ? {} : { endedAtMs: this.#endedAtMs }),
      ...(this.#endedReason === undefined ? {} : { endedReason: this.#endedReason }),
    };
  }
}
