/** The workers of one call. They come and go while it lasts; those that have left are kept until their lanes are closed, and for the report. */
import type { Logger } from 'pino';
import type { AudioFormat } from '../../shared/audio/audio-format.ts';
import type { Clock } from '../../shared/base/clock.ts';
import {
  bargeInOf,
  type ListenMode,
  MAX_WORKERS,
  STREAM_MS,
  WORKER_PRIORITY,
  type WorkerPlan,
} from '../../shared/call/plan.ts';
import type { CallEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { LaneIdentity, StreamHandover } from '../../shared/wire/relay/stream-handover.ts';
import { Lane } from '../lane/lane.ts';
import type { OpenLaneConnection } from '../lane/lane-connection.ts';
import { StreamLane } from '../lane/resident-lane.ts';
import type { WorkerLane } from '../lane/worker-lane.ts';
import { audioFor } from '../listen/audio-for.ts';
import type { HeardFrame } from '../listen/heard-frame.ts';
import type { Speaker } from '../speak/speaker.ts';
import { type PublishAction, WorkerReplies } from '../speak/worker-replies.ts';
import { type TurnObserver, WorkerTurns } from '../speak/worker-turns.ts';
import type { WorkerLink, WorkerReport } from './worker-link.ts';

/** Workers that a call may have had, those that were detached included: each has its part in the report. */
export const MAX_WORKERS_EVER = 64;

/** Events that a lane sends in one stream of a call, and more. */
const ACK_IDS_PER_STREAM = 10_000_000;

/** Why a worker is not put on a call. Fixed texts. */
export type AttachRefusal =
  | 'the call has ended'
  | 'the worker is on the call already'
  | 'the call has as many workers as it may have';

export interface CallWorkersOptions {
  readonly callId: string;
  readonly format: AudioFormat;
  readonly speaker: Speaker;
  readonly openConnection: OpenLaneConnection;
  readonly maxBacklogMs: number;
  /** What the stream before this one has left; undefined for the first. */
  readonly handover: StreamHandover | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Made whenever a worker is told of the call. */
  readonly callStarted: (turn: number, listen: ListenMode) => CallEvent;
  /** Told of what was not used, by a fixed text. */
  readonly onIgnored: (reason: string, count: number) => void;
  readonly onPublish: (worker: string, action: PublishAction) => void;
  /** Something was published in the call's control group; each lane hears it. */
  readonly onControl: (value: unknown) => void;
  /** Follows the turns of a worker. */
  readonly observeTurns: (worker: string) => TurnObserver;
  /** A lane is in another state, or a worker has come or gone. */
  readonly onChange: () => void;
}

export class CallWorkers {
  readonly #options: CallWorkersOptions;
  readonly #links: WorkerLink[] = [];
  /** Lanes of the stream before, each to be taken over once. */
  readonly #resumable: Map<string, LaneIdentity>;
  #isOver = false;

  constructor(options: CallWorkersOptions) {
    this.#options = options;
    this.#resumable = new Map(Object.entries(options.handover?.lanes ?? {}));
  }

  /** Whether some worker's lane is there, or on its way: what is published in groups of the call is heard then. */
  get isReachable(): boolean {
    return this.#present.some(({ lane }) => lane.state !== 'failed' && lane.state !== 'closed');
  }

  /** Audio that waits for workers, in bytes. */
  get queuedBytes(): number {
    return this.#links.reduce((sum, { lane }) => sum + lane.queuedBytes, 0);
  }

  /** Puts a worker on the call. Answers why not, where it cannot be. */
  attach(worker: WorkerPlan): AttachRefusal | undefined {
    const present = this.#present;
    if (this.#isOver) return 'the call has ended';
    if (present.some(({ plan }) => plan.name === worker.name)) return 'the worker is on the call already';
    if (present.length >= MAX_WORKERS || this.#links.length >= MAX_WORKERS_EVER)
      return 'the call has as many workers as it may have';
    this.#links.push(this.#link(worker));
    this.#options.onChange();
    return undefined;
  }

  /** Takes a worker off the call: it is told so, and what it has said is dropped. False when it is not on the call. */
  detach(name: string): boolean {
    const link = this.#present.find(({ plan }) => plan.name === name);
    if (link === undefined || this.#isOver) return false;
    link.isDetached = true;
    link.turns?.stop();
    link.voice.leave();
    link.lane.end({ type: 'call.ended', reason: 'detached' });
    this.#options.onChange();
    return true;
  }

  hear(frame: HeardFrame): void {
    for (const { lane } of this.#links) lane.pushFrame(frame);
  }

  /** Somebody speaks. */
  speechStarted(): void {
    for (const { turns } of this.#present) turns?.stop();
  }

  /** Somebody has finished to speak, `agoMs` ago. */
  speechEnded(agoMs: number): void {
    const endedAtMs = this.#options.clock.elapsedMs() - agoMs;
    // One that is still speaking was not interrupted: it owes no answer.
    for (const { turns, voice } of this.#present)
      if (!voice.isSpeaking) turns?.speechEnded(voice.turn, endedAtMs);
  }

  /** The stream has come to `position`, in samples, though no frame says so. */
  advance(position: number): void {
    for (const { lane } of this.#links) lane.advance(position);
  }

  /** Tells every worker, or the one of this name. False when nobody of that name is on the call. */
  tell(event: CallEvent, name?: string): boolean {
    const told = this.#present.filter(({ plan }) => name === undefined || plan.name === name);
    for (const { lane } of told) lane.pushEvent(event);
    return told.length > 0;
  }

  /** What the next stream is to know. */
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

  /** The stream is over, and another one takes its place. Resolves when every lane is taken over, closed or has failed. */
  async release(ended: CallEvent): Promise<void> {
    this.#finish();
    for (const { lane } of this.#links) lane.release(ended);
    await Promise.all(this.#links.map(({ lane }) => lane.closed));
  }

  /** The stream is over. Resolves when every lane is closed or has failed. */
  async end(ended: CallEvent): Promise<void> {
    this.#finish();
    for (const { lane } of this.#links) lane.end(ended);
    await Promise.all(this.#links.map(({ lane }) => lane.closed));
  }

  reports(): WorkerReport[] {
    return this.#links.map(({ lane, replies, turns }) => ({
      ...lane.report(),
      ...replies.counts,
      ...(turns === undefined ? {} : { turns: turns.report() }),
    }));
  }

  #finish(): void {
    this.#isOver = true;
    for (const { turns } of this.#links) turns?.stop();
  }

  /** Streams of the call before this one. */
  get #streams(): number {
    return this.#options.handover?.streams ?? 0;
  }

  get #present(): readonly WorkerLink[] {
    return this.#links.filter(({ isDetached }) => !isDetached);
  }

  #link(plan: WorkerPlan): WorkerLink {
    const { callId, format, speaker, openConnection, maxBacklogMs, clock, log } = this.#options;
    const { onIgnored, onPublish, onControl, onChange, callStarted, observeTurns } = this.#options;
    const { name, listen, codec = 'pcm16' } = plan;
    const stream = this.#streams;
    const identity = this.#resumable.get(name);
    this.#resumable.delete(name);
    const isConversing = listen.mode !== 'chunk' && (plan.speaks ?? true);
    const turns = isConversing ? new WorkerTurns(observeTurns(name)) : undefined;
    const voice = speaker.join({
      onSent: () => turns?.heard(clock.elapsedMs()),
      stream,
      speaks: plan.speaks ?? true,
      priority: plan.priority ?? WORKER_PRIORITY.default,
      bargeIn: bargeInOf(plan),
      replyMs: replyMsOf(listen),
      tellsPlayed: listen.mode !== 'chunk',
      onEvent: (event) => lane.pushEvent(event),
    });
    const replies = new WorkerReplies({
      format,
      codec,
      voice,
      answersWhole: listen.mode === 'utterance',
      onIgnored: (reason, count) => onIgnored(`reply: ${reason}`, count),
      onPublish: (action) => onPublish(name, action),
      onFailed: () => lane.eventFailed(),
    });
    const lane: WorkerLane = new (listen.mode === 'stream' ? StreamLane : Lane)({
      callId,
      worker: name,
      format,
      audio: audioFor(listen, { format, codec, maxBacklogMs, onEvent: (event) => lane.pushEvent(event) }),
      clock,
      openConnection,
      ...(identity === undefined ? {} : { resume: { ...identity, firstAckId: stream * ACK_IDS_PER_STREAM } }),
      isResumed: stream > 0,
      skipsReplays: listen.mode !== 'utterance',
      onReplay: () => onIgnored('reply: said before the stream began', 1),
      callStarted: () => callStarted(voice.turn, listen),
      onMessage: (message) => replies.handle(message),
      onControl,
      onOpened: () => replies.restart(),
      onStateChange: (state) => {
        if (state === 'failed') {
          log.warn({ worker: name }, 'the lane could not be opened; the call goes on without it');
        } else log.debug({ worker: name, state }, 'lane');
        onChange();
      },
    });
    return { plan, lane, replies, voice, turns, isDetached: false };
  }
}

/** How much audio a worker's reply has that answers what it hears as it hears it; 0 when replies have any length. */
function replyMsOf(listen: ListenMode): number {
  switch (listen.mode) {
    case 'chunk':
      return listen.ms;
    case 'stream':
      return STREAM_MS;
    case 'utterance':
      return 0;
  }
}
