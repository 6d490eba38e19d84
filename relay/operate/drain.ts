/**
 * Empties a relay before it ends, without ending its calls. A restart of a call's streaming makes ACS open the next
 * stream at another relay. Each call moves at a moment when nobody speaks, if there is one in time, and one call
 * follows the other (`migration-pacer.ts`).
 *
 *     waiting ──quiet, or waited long enough──▶ asking ──accepted──▶ leaving ──its stream is over──▶ moved
 *                                               ▲   │                   │
 *                                               └───┴─failed, not over in time: a few times──▶ left behind
 *
 * The caller of `drain` closes the calls that are left behind at the deadline.
 */
import type { Clock } from '../../shared/base/clock.ts';
import { MigrationPacer } from './migration-pacer.ts';

/**
 * `over`: the call or its stream ends anyway. `failed`: asking again may help. `retryAfterMs`: the call was restarted
 * too often lately, so asking again helps only after this long.
 */
export type RestartOutcome = 'accepted' | 'over' | 'failed' | { readonly retryAfterMs: number };

export interface MovableCall {
  /** Whether this is a good moment: a move would hardly be noticed. */
  isQuiet(): boolean;
  /** Never rejects. */
  restart(): Promise<RestartOutcome>;
  /** Resolves when its stream is over. */
  readonly over: Promise<void>;
}

interface DrainOptions {
  readonly clock: Clock;
  /** When to give up, in milliseconds from now. */
  readonly deadlineMs: number;
}

interface DrainReport {
  readonly moved: number;
  readonly left: number;
  readonly tookMs: number;
}

/** Calls whose old stream may be about to end at the same time. */
const MOVED_AT_ONCE = 8;
/** Share of the deadline for which a call may wait for a quiet moment. */
const QUIET_SHARE = 1 / 3;
const QUIET_POLL_MS = 50;
const MOVE_ATTEMPTS = 3;
/** Pause after a failed attempt; longer with each. */
const RETRY_PAUSE_MS = 500;
/** How long a stream may take to end after the control app has accepted the restart. */
const LEAVE_LIMIT_MS = 5_000;

export async function drain(calls: readonly MovableCall[], options: DrainOptions): Promise<DrainReport> {
  const draining = new Draining(calls.length, options);
  const moved = await Promise.all(calls.map((call) => draining.move(call)));
  const count = moved.filter(Boolean).length;
  return { moved: count, left: calls.length - count, tookMs: draining.elapsedMs };
}

class Draining {
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #startedMs: number;
  readonly #queue: (() => void)[] = [];
  readonly #pace: MigrationPacer;
  #moving = 0;

  constructor(calls: number, { clock, deadlineMs }: DrainOptions) {
    this.#pace = new MigrationPacer(calls, deadlineMs);
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#startedMs = clock.elapsedMs();
  }

  get elapsedMs(): number {
    return this.#clock.elapsedMs() - this.#startedMs;
  }

  /** Resolves with whether the call is gone. */
  async move(call: MovableCall): Promise<boolean> {
    let isOver = false;
    const over = call.over.then(() => {
      isOver = true;
    });
    await this.#quietMoment(call, () => isOver);
    if (isOver) return true;
    await this.#slot(over);
    try {
      for (let attempt = 1; attempt <= MOVE_ATTEMPTS && !isOver && this.#leftMs > 0; attempt++) {
        const outcome = await this.#within(call.restart());
        if (typeof outcome === 'object') {
          // The others need not wait with this one.
          this.#release();
          await Promise.race([over, this.#pause(outcome.retryAfterMs)]);
          await this.#slot(over);
        } else if (outcome === 'failed') await Promise.race([over, this.#pause(RETRY_PAUSE_MS * attempt)]);
        else await Promise.race([over, this.#pause(LEAVE_LIMIT_MS)]);
      }
    } finally {
      this.#release();
    }
    return isOver;
  }

  async #quietMoment(call: MovableCall, isOver: () => boolean): Promise<void> {
    const limitMs = this.#deadlineMs * QUIET_SHARE;
    while (!isOver() && this.elapsedMs < limitMs && !call.isQuiet()) await this.#pause(QUIET_POLL_MS);
  }

  /** Waits for the call's turn, or for its end. */
  async #slot(over: Promise<void>): Promise<void> {
    if (this.#moving >= MOVED_AT_ONCE) {
      const turn = Promise.withResolvers<void>();
      this.#queue.push(turn.resolve);
      await Promise.race([turn.promise, over, this.#pause(this.#leftMs)]);
      const at = this.#queue.indexOf(turn.resolve);
      if (at >= 0) this.#queue.splice(at, 1);
    }
    this.#moving += 1;
    const { elapsedMs } = this;
    const waitMs = this.#pace.next(elapsedMs) - elapsedMs;
    if (waitMs > 0) await Promise.race([over, this.#pause(waitMs)]);
  }

  #release(): void {
    this.#moving -= 1;
    this.#queue.shift()?.();
  }

  /** The outcome, or a failure when the deadline comes first. */
  #within(outcome: Promise<RestartOutcome>): Promise<RestartOutcome> {
    return Promise.race([outcome, this.#pause(this.#leftMs).then((): RestartOutcome => 'failed')]);
  }

  get #leftMs(): number {
    return Math.max(0, this.#deadlineMs - this.elapsedMs);
  }

  /** Ends at the deadline at the latest. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(Math.min(ms, this.#leftMs), resolve));
  }
}
