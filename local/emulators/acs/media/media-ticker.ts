import type { Clock } from '../../common/clock.ts';

/** Something that has to be done at deadlines, such as the frames of one stream. */
export interface Ticking {
  /** The next deadline, on the ticker's clock. */
  readonly deadlineMs: number;
  /** A deadline has come. Moves `deadlineMs` on. */
  tick(nowMs: number): void;
  /** `tick` threw and is called no more. Called after the others have been served. */
  broke(error: unknown): void;
}

/**
 * One timer for everything that ticks in a process: it sleeps until the nearest deadline of all (not for an interval,
 * which would add up its own delays) and then serves the members that are due. `broke` follows for a member that
 * throws, which is dropped; the others go on. With no members no timer runs.
 */
export class MediaTicker {
  readonly clock: Clock;
  readonly #members = new Set<Ticking>();
  #wakeMs = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  now(): number {
    return this.clock.now();
  }

  add(member: Ticking): void {
    this.#members.add(member);
    if (member.deadlineMs < this.#wakeMs) this.#sleepUntil(member.deadlineMs);
  }

  remove(member: Ticking): void {
    this.#members.delete(member);
    if (this.#members.size === 0) this.#sleepUntil(Number.POSITIVE_INFINITY);
  }

  #wake(): void {
    this.#wakeMs = Number.POSITIVE_INFINITY;
    this.#cancel = undefined;
    let next = Number.POSITIVE_INFINITY;
    // Reading the clock takes time, and of 200 streams about ten are due in one millisecond: it is read again only
    // after a tick.
    let nowMs = this.clock.now();
    for (const member of this.#members) {
      if (member.deadlineMs <= nowMs) {
        this.#serve(member, nowMs);
        nowMs = this.clock.now();
        if (!this.#members.has(member)) continue;
      }
      next = Math.min(next, member.deadlineMs);
    }
    if (next < this.#wakeMs) this.#sleepUntil(next);
  }

  #serve(member: Ticking, nowMs: number): void {
    try {
      member.tick(nowMs);
    } catch (error) {
      this.remove(member);
      queueMicrotask(() => member.broke(error));
    }
  }

  #sleepUntil(deadlineMs: number): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#wakeMs = deadlineMs;
    if (deadlineMs === Number.POSITIVE_INFINITY) return;
    const ms = Math.max(0, Math.ceil(deadlineMs - this.clock.now()));
    this.#cancel = this.clock.after(ms, () => this.#wake());
  }
}

/** Does not change while the process runs, and costs more to read than the time does. */
const ORIGIN_MS = performance.timeOrigin;

/**
 * Monotonic, and finer than a millisecond: a jump of the machine's date moves no frame.
 * Timers run one step later than they could, after the sockets have been read: audio that has arrived before a deadline
 * is played at that deadline even when the process itself was held up.
 */
const mediaClock: Clock = {
  now: () => ORIGIN_MS + performance.now(),
  after: (ms, run) => {
    let immediate: NodeJS.Immediate | undefined;
    const timer = setTimeout(() => {
      immediate = setImmediate(run);
    }, ms);
    return () => {
      clearTimeout(timer);
      clearImmediate(immediate);
    };
  },
};

export const processTicker = new MediaTicker(mediaClock);
