/** The calls of this process: the live ones, the ones that are ending, and the reports of the last ones. */

import { MAX_HEARD_BYTES } from '../listen/heard-audio.ts';
import { addReport, emptyTotals, type RelayTotals } from '../operate/relay-totals.ts';
import type { CallReport } from '../session/call-report.ts';
import type { CloseCause } from '../session/close-cause.ts';
import type { Session } from '../session/session.ts';
import { backlogBytesOf, type QueueSettings } from '../settings/relay-config.ts';
import { Refusal } from './refusal.ts';

/** How many reports of ended calls the registry keeps. */
const MAX_ENDED_REPORTS = 200;
/**
 * Audio that waits in this process to be heard by workers or taken by ACS; with more, the relay takes no new call. It
 * is more where the settings let more wait (`queuedBytesOf`). What workers have said ahead of time does not count: it
 * has a bound of its own, and keeps nobody from a call.
 */
const MAX_QUEUED_BYTES = 256 * 1024 * 1024;

/** Room for a worker that hangs on every call, whether it listens to chunks, to the stream or to utterances. */
export function queuedBytesOf({ maxCalls, maxBacklogMs }: QueueSettings): number {
  return Math.max(MAX_QUEUED_BYTES, MAX_HEARD_BYTES + backlogBytesOf({ maxCalls, maxBacklogMs }));
}

export class CallRegistry {
  readonly #maxCalls: number;
  readonly #maxQueuedBytes: number;
  readonly #isOverloaded: () => boolean;
  readonly #live = new Map<string, Session>();
  readonly #ending = new Set<Session>();
  readonly #reports: CallReport[] = [];
  readonly #endedTotals = emptyTotals();
  #isDraining = false;
  #started = 0;

  /** `isOverloaded`: whether the event loop is too late for another call. */
  constructor(
    maxCalls: number,
    isOverloaded: () => boolean = () => false,
    maxQueuedBytes: number = MAX_QUEUED_BYTES,
  ) {
    this.#maxCalls = maxCalls;
    this.#maxQueuedBytes = maxQueuedBytes;
    this.#isOverloaded = isOverloaded;
  }

  get liveCount(): number {
    return this.#live.size;
  }

  /** Whether the call is streamed here now. */
  isLive(callId: string): boolean {
    return this.#live.get(callId)?.isOver === false;
  }

  /** Whether it refuses all new calls. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  get startedCount(): number {
    return this.#started;
  }

  /** All audio that waits, what workers have said ahead of time included. */
  get waitingBytes(): number {
    return this.#sum(({ queuedBytes, heldBytes }) => queuedBytes + heldBytes);
  }

  /** Why it takes no new call; undefined when it takes one. */
  get busyReason(): string | undefined {
    if (this.#isDraining) return 'the relay is shutting down';
    if (this.#live.size >= this.#maxCalls) return `the relay is full: it carries ${this.#maxCalls} calls`;
    if (this.#sum(({ queuedBytes }) => queuedBytes) > this.#maxQueuedBytes)
      return 'the relay is full: too much audio waits in it';
    if (this.#isOverloaded()) return 'the relay is full: its event loop is late';
    return undefined;
  }

  /**
   * Checks that this connection may stream this call now. The same connection may come again, and replaces itself.
   * @throws Refusal with 409 or 503.
   */
  check(callId: string, callConnectionId: string): void {
    const live = this.#live.get(callId);
    if (live !== undefined && live.callConnectionId !== callConnectionId) {
      throw new Refusal(409, 'this call is streamed by another call connection');
    }
    if (live === undefined || this.#isDraining) this.checkCapacity();
  }

  /** @throws Refusal with 503. */
  checkCapacity(): void {
    const reason = this.busyReason;
    if (reason !== undefined) throw new Refusal(503, reason);
  }

  /** Keeps a session that passed `check` until it has ended. Ends a live session of the same call as replaced. */
  add(session: Session): void {
    this.#live.get(session.callId)?.close('replaced');
    this.#live.set(session.callId, session);
    this.#started += 1;
    void this.#follow(session);
  }

  /** Takes no more calls; live calls go on. */
  refuseMore(): void {
    this.#isDraining = true;
  }

  /** Takes no more calls, ends the live ones, and resolves when all are over. */
  async drain(cause: CloseCause): Promise<void> {
    this.refuseMore();
    const sessions = [...this.#all()];
    for (const session of sessions) session.close(cause);
    await Promise.all(sessions.map((session) => session.ended));
  }

  /** Reports of the live calls and of the last ones that ended, the newest first. */
  reports(): CallReport[] {
    return [...this.#reports, ...[...this.#all()].map((session) => session.report())].toReversed();
  }

  /** The newest report of this call. */
  report(callId: string): CallReport | undefined {
    const session =
      this.#live.get(callId) ?? [...this.#ending].findLast((ending) => ending.callId === callId);
    return session?.report() ?? this.#reports.findLast((report) => report.callId === callId);
  }

  /** Sums over all calls since the start of the process. */
  totals(): RelayTotals {
    const totals = structuredClone(this.#endedTotals);
    for (const session of this.#all()) addReport(totals, session.report());
    return totals;
  }

  async #follow(session: Session): Promise<void> {
    await session.over;
    if (this.#live.get(session.callId) === session) this.#live.delete(session.callId);
    this.#ending.add(session);
    await session.ended;
    this.#ending.delete(session);
    const report = session.report();
    addReport(this.#endedTotals, report);
    this.#reports.push(report);
    if (this.#reports.length > MAX_ENDED_REPORTS) this.#reports.shift();
  }

  #sum(bytesOf: (session: Session) => number): number {
    let sum = 0;
    for (const session of this.#all()) sum += bytesOf(session);
    return sum;
  }

  *#all(): Iterable<Session> {
    yield* this.#ending;
    yield* this.#live.values();
  }
}
