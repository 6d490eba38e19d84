/** One worker of one call: the lane to it, what it says, and what it has said that is still to play. */
import type { Logger } from 'pino';
import type { AudioFormat } from '../../shared/audio/audio-format.ts';
import type { Clock } from '../../shared/base/clock.ts';
import {
  bargeInOf,
  type ListenMode,
  STREAM_MS,
  WORKER_PRIORITY,
  type WorkerPlan,
} from '../../shared/call/plan.ts';
import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { LaneIdentity } from '../../shared/wire/relay/stream-handover.ts';
import { acknowledgedDelivery } from '../lane/delivery.ts';
import { Lane } from '../lane/lane.ts';
import type { OpenLaneConnection } from '../lane/lane-connection.ts';
import type { LaneState } from '../lane/lane-machine.ts';
import type { LaneReport } from '../lane/lane-stats.ts';
import { residentDelivery } from '../lane/resident-delivery.ts';
import { audioFor } from '../listen/audio-for.ts';
import type { HeardAudio } from '../listen/heard-audio.ts';
import type { CallPlayout } from '../speak/call-playout.ts';
import type { WorkerPlayout } from '../speak/worker-playout.ts';
import { type PublishAction, type ReplyCounts, WorkerReplies } from '../speak/worker-replies.ts';
import { type TurnObserver, WorkerTurns, type WorkerTurnsReport } from '../speak/worker-turns.ts';

export type WorkerReport = LaneReport & ReplyCounts & { readonly turns?: WorkerTurnsReport };

/** More ack ids than a lane uses in one stream of a call. */
const ACK_IDS_PER_STREAM = 10_000_000;

/** What is the same for every worker of the call. */
export interface WorkerLinkOptions {
  readonly callId: string;
  readonly format: AudioFormat;
  readonly playout: CallPlayout;
  readonly openConnection: OpenLaneConnection;
  readonly maxBacklogMs: number;
  /** What waits of all calls for workers that listen to utterances. */
  readonly heard?: HeardAudio | undefined;
  readonly clock: Clock;
  /** Draws a number from 0 up to, but not including, 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** Makes `call.started` at the moment a worker gets it. */
  readonly callStarted: (worker: string, turn: number, listen: ListenMode) => LaneEvent;
  /** Counts what was not used, by a fixed text. */
  readonly onIgnored: (reason: string, count: number) => void;
  readonly onPublish: (worker: string, action: PublishAction) => void;
  /** Something was published in the call's control group. Each lane reports it. */
  readonly onControl: (value: unknown) => void;
  /** Makes an observer of the turns of a worker. */
  readonly observeTurns: (worker: string) => TurnObserver;
  /** A lane has changed its state, or a worker has joined or left the call. */
  readonly onChange: () => void;
}

/** How the worker's lane continues that of the call's last stream. */
interface LinkHistory {
  /** Streams of the call before this one. */
  readonly streams: number;
  /** The connection to take over; undefined when there is none. */
  readonly identity: LaneIdentity | undefined;
}

export class WorkerLink {
  readonly plan: WorkerPlan;
  readonly lane: Lane;
  readonly #options: WorkerLinkOptions;
  readonly #replies: WorkerReplies;
  readonly #said: WorkerPlayout;
  /** How long the worker lets the caller wait; undefined if it answers as it hears, or only listens. */
  readonly #turns: WorkerTurns | undefined;
  #isDetached = false;
  #isUnstartedTold = false;

  /** Begins to open the lane. */
  constructor(plan: WorkerPlan, { streams, identity }: LinkHistory, options: WorkerLinkOptions) {
    const { callId, format, playout, openConnection, maxBacklogMs, heard, clock, random } = options;
    const { name, listen, codec = 'pcm16', speaks = true } = plan;
    const onEvent = (event: LaneEvent): void => this.lane.pushEvent(event);
    this.plan = plan;
    this.#options = options;
    this.#turns = listen.mode !== 'chunk' && speaks ? new WorkerTurns(options.observeTurns(name)) : undefined;
    this.#said = playout.join({
      onSent: () => this.#turns?.heard(clock.elapsedMs()),
      stream: streams,
      speaks,
      priority: plan.priority ?? WORKER_PRIORITY.default,
      bargeIn: bargeInOf(plan),
      replyMs: replyMsOf(listen),
      tellsPlayed: listen.mode !== 'chunk',
      onEvent,
    });
    this.#replies = new WorkerReplies({
      format,
      codec,
      playout,
      worker: this.#said,
      answersWhole: listen.mode === 'utterance',
      onIgnored: (reason, count) => options.onIgnored(`reply: ${reason}`, count),
      onPublish: (action) => options.onPublish(name, action),
      onFailed: () => this.lane.eventFailed(),
    });
    this.lane = new Lane({
      callId,
      worker: name,
      format,
      audio: audioFor(listen, { format, codec, maxBacklogMs, heard, onEvent }),
      delivery: listen.mode === 'stream' ? residentDelivery : acknowledgedDelivery,
      clock,
      random,
      openConnection,
      ...(identity === undefined
        ? {}
        : { resume: { ...identity, firstAckId: streams * ACK_IDS_PER_STREAM } }),
      isResumed: streams > 0,
      skipsReplays: listen.mode !== 'utterance',
      onReplay: () => options.onIgnored('reply: said before the stream began', 1),
      callStarted: () => options.callStarted(name, this.#said.turn, listen),
      onMessage: this.#replies.handle,
      onControl: options.onControl,
      onNumbersRestart: () => this.#replies.restart(),
      onStateChange: (state) => this.#laneChanged(state),
      onStartGivenUp: () => this.#startGivenUp(),
    });
  }

  /** The worker is off the call, although its lane may still have to close. */
  get isDetached(): boolean {
    return this.#isDetached;
  }

  /** Whether the lane is open, or can still become so. */
  get isReachable(): boolean {
    return this.lane.state !== 'failed' && this.lane.state !== 'closed';
  }

  /** Takes the worker off the call: it gets `call.ended`, and what it has said is dropped. */
  detach(): void {
    this.#isDetached = true;
    this.stopTurn();
    this.#options.playout.leave(this.#said);
    this.lane.end({ type: 'call.ended', reason: 'detached' });
  }

  /** The worker owes no answer any more. */
  stopTurn(): void {
    this.#turns?.stop();
  }

  /** The caller has finished speaking at `endedAtMs` of the clock, and waits for an answer. */
  speechEnded(endedAtMs: number): void {
    // A worker that still speaks was not interrupted, and so owes no answer.
    if (!this.#options.playout.isSpeaking(this.#said)) this.#turns?.speechEnded(this.#said.turn, endedAtMs);
  }

  report(): WorkerReport {
    return {
      ...this.lane.report(),
      ...this.#replies.counts,
      ...(this.#turns === undefined ? {} : { turns: this.#turns.report() }),
    };
  }

  /** Lanes to resident workers try again every few seconds, and say so once. */
  #startGivenUp(): void {
    if (!this.#isUnstartedTold)
      this.#options.log.warn({ worker: this.plan.name }, 'the worker was not told that the call has begun');
    this.#isUnstartedTold = true;
  }

  #laneChanged(state: LaneState): void {
    const { log, onChange } = this.#options;
    const worker = this.plan.name;
    if (state === 'failed')
      log.warn({ worker }, 'the lane of the worker could not be opened; the call goes on without it');
    else log.debug({ worker, state }, 'the lane of the worker changed its state');
    onChange();
  }
}

/** How much audio a worker sends per reply when it answers as it hears; 0 when replies have any length. */
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
