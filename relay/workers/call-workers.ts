/**
 * The workers of one call. They join and leave while it lasts. A worker that has left stays here until its lane is
 * closed, and for the report.
 */
import { MAX_WORKERS, type WorkerPlan } from '../../shared/call/plan.ts';
import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { LaneIdentity, StreamHandover } from '../../shared/wire/relay/stream-handover.ts';
import type { AudioFrame } from '../listen/worker-audio.ts';
import { WorkerLink, type WorkerLinkOptions, type WorkerReport } from './worker-link.ts';

/** Workers that a call may have had, detached ones included: each has its part in the report. */
const MAX_WORKERS_EVER = 64;

/** Why a worker cannot join a call. Fixed texts. */
type AttachRefusal =
  | 'the call has ended'
  | 'the worker is on the call already'
  | 'the call has as many workers as it may have';

interface CallWorkersOptions extends WorkerLinkOptions {
  /** What the last stream of the call has saved; undefined for the first stream. */
  readonly handover: StreamHandover | undefined;
}

export class CallWorkers {
  readonly #options: CallWorkersOptions;
  readonly #links: WorkerLink[] = [];
  /** Lanes of the last stream. Each can be taken over once. */
  readonly #resumable: Map<string, LaneIdentity>;
  #isOver = false;

  constructor(options: CallWorkersOptions) {
    this.#options = options;
    this.#resumable = new Map(Object.entries(options.handover?.lanes ?? {}));
  }

  /** Whether the call has a lane that hears the groups of the call, or soon will. */
  get isReachable(): boolean {
    return this.#present.some((link) => link.isReachable);
  }

  /** Audio that waits for workers, in bytes. */
  get queuedBytes(): number {
    return this.#links.reduce((sum, { lane }) => sum + lane.queuedBytes, 0);
  }

  /** Puts a worker on the call. Returns why it cannot join; undefined when it has. */
  attach(worker: WorkerPlan): AttachRefusal | undefined {
    const { name } = worker;
    const present = this.#present;
    if (this.#isOver) return 'the call has ended';
    if (present.some(({ plan }) => plan.name === name)) return 'the worker is on the call already';
    if (present.length >= MAX_WORKERS || this.#links.length >= MAX_WORKERS_EVER)
      return 'the call has as many workers as it may have';
    const history = { streams: this.#streams, identity: this.#resumable.get(name) };
    this.#resumable.delete(name);
    this.#links.push(new WorkerLink(worker, history, this.#options));
    this.#options.onChange();
    return undefined;
  }

  /** Takes a worker off the call. Returns false when it is not on the call. */
  detach(name: string): boolean {
    const link = this.#present.find(({ plan }) => plan.name === name);
    if (link === undefined || this.#isOver) return false;
    link.detach();
    this.#options.onChange();
    return true;
  }

  hear(frame: AudioFrame): void {
    for (const { lane } of this.#links) lane.pushFrame(frame);
  }

  /** A participant speaks. */
  speechStarted(): void {
    for (const link of this.#present) link.stopTurn();
  }

  /** A participant finished speaking `agoMs` ago. */
  speechEnded(agoMs: number): void {
    const endedAtMs = this.#options.clock.elapsedMs() - agoMs;
    for (const link of this.#present) link.speechEnded(endedAtMs);
  }

  /** The stream has come to `position`, in samples, although no frame says so. */
  advance(position: number): void {
    for (const { lane } of this.#links) lane.advance(position);
  }

  /** Sends an event to every worker, or to the one with this name. Returns false when no worker gets it. */
  tell(event: LaneEvent, name?: string): boolean {
    const links = this.#present.filter(({ plan }) => name === undefined || plan.name === name);
    for (const { lane } of links) lane.pushEvent(event);
    return links.length > 0;
  }

  /** What the next stream of the call needs to continue with these workers. */
  get handover(): StreamHandover {
    const lanes = this.#present.flatMap(({ plan, lane }) =>
      lane.identity === undefined ? [] : [[plan.name, lane.identity] as const],
    );
    return {
      streams: this.#streams + 1,
      workers: this.#present.map(({ plan }) => plan),
      lanes: Object.fromEntries(lanes),
    };
  }

  /** The stream is over, and the next one follows. Resolves when every lane is taken over, is closed or has failed. */
  async release(ended: LaneEvent): Promise<void> {
    this.#finish();
    for (const { lane } of this.#links) lane.release(ended);
    await Promise.all(this.#links.map(({ lane }) => lane.closed));
  }

  /** The stream is over. Resolves when every lane is closed or has failed. */
  async end(ended: LaneEvent): Promise<void> {
    this.#finish();
    for (const { lane } of this.#links) lane.end(ended);
    await Promise.all(this.#links.map(({ lane }) => lane.closed));
  }

  reports(): WorkerReport[] {
    return this.#links.map((link) => link.report());
  }

  #finish(): void {
    this.#isOver = true;
    for (const link of this.#links) link.stopTurn();
  }

  /** Streams of the call before this one. */
  get #streams(): number {
    return this.#options.handover?.streams ?? 0;
  }

  get #present(): readonly WorkerLink[] {
    return this.#links.filter(({ isDetached }) => !isDetached);
  }
}
