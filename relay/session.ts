/**
 * One call: takes what ACS sends to the lanes, and what the workers send into the call.
 *
 *     connected ──metadata or audio──▶ streaming
 *         └────────────┬─────────────────┘
 *                      │ the socket closed, or close(cause)
 *                      ▼
 *                   ending ──every lane is closed──▶ ended
 */
import type { Logger } from 'pino';
import { bytesToMs, FRAME_MS } from '../shared/core/audio-format.ts';
import {
  bargeInOf,
  type ListenMode,
  STREAM_MS,
  WORKER_PRIORITY,
  type WorkerPlan,
} from '../shared/core/plan.ts';
import type { Ticket } from '../shared/protocol/ticket.ts';
import type { CallEvent } from '../shared/protocol/worker-messages.ts';
import type { CallReport, CallState } from './call-report.ts';
import type { Clock } from './clock.ts';
import { Counts } from './counts.ts';
import { Lane } from './lane.ts';
import type { OpenLaneConnection } from './lane-connection.ts';
import { audioFor } from './listening/audio-for.ts';
import { Listening } from './listening/listening.ts';
import { type Intake, MediaIntake } from './media-intake.ts';
import type { MediaSocket } from './media-socket.ts';
import { Speaker } from './speaker.ts';
import type { TimerWheel } from './speaking/timer-wheel.ts';
import type { Voice } from './speaking/voice.ts';
import { StreamLane } from './stream/stream-lane.ts';
import type { WorkerLane } from './worker-lane.ts';
import { type PublishAction, WorkerReplies } from './worker-replies.ts';

/** Close codes of RFC 6455, section 7.4.1. */
const CLOSE_NORMAL = 1000;
const CLOSE_GOING_AWAY = 1001;

/** Workers that may be on a call at a time. */
export const MAX_WORKERS = 16;
/** Workers that a call may have had, those that were detached included: each has its part in the report. */
export const MAX_WORKERS_EVER = 64;

export type CloseCause = 'stream ended' | 'replaced' | 'relay shutting down' | 'no sign of life';

export interface SessionOptions {
  readonly ticket: Ticket;
  readonly callConnectionId: string;
  readonly correlationId?: string;
  /** This relay has streamed the call before. */
  readonly isResumed?: boolean;
  readonly socket: MediaSocket;
  readonly openConnection: OpenLaneConnection;
  readonly maxBacklogMs: number;
  readonly jitterBufferMs: number;
  readonly playoutLeadMs: number;
  readonly clock: Clock;
  /** On the same clock. */
  readonly wheel: TimerWheel;
  /** Already bound to the call's ids. */
  readonly log: Logger;
  /** A worker published something for whoever watches the call. */
  readonly onPublish?: (callId: string, worker: string, action: PublishAction) => void;
}

interface WorkerLink {
  readonly name: string;
  readonly lane: WorkerLane;
  readonly replies: WorkerReplies;
  readonly voice: Voice;
  isDetached: boolean;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #intake: MediaIntake;
  readonly #listening: Listening;
  readonly #speaker: Speaker;
  readonly #ignored = new Counts();
  /** Those that were detached included, whose lanes may still have to close. */
  readonly #workers: WorkerLink[];
  readonly #over = Promise.withResolvers<void>();
  readonly #ended: Promise<void>;
  readonly #startedAtMs: number;
  #state: CallState = 'connected';
  #endedReason: CloseCause | undefined;
  #endedAtMs: number | undefined;
  #framesIn = 0;
  #bytesIn = 0;

  /** Begins to open the lanes. */
  constructor(options: SessionOptions) {
    this.#options = options;
    const { clock, wheel, socket, jitterBufferMs, playoutLeadMs: leadMs } = options;
    const { plan } = options.ticket;
    this.#startedAtMs = clock.nowMs();
    this.#intake = new MediaIntake(plan);
    this.#speaker = new Speaker({ socket, format: plan.format, jitterBufferMs, leadMs, clock, wheel });
    this.#listening = new Listening({
      format: plan.format,
      clock,
      speech: this.#speaker,
      onAdvance: (position) => {
        for (const { lane } of this.#workers) lane.advance(position);
      },
    });
    this.#workers = plan.workers.map((worker) => this.#link(worker));
    this.#ended = this.#whenEnded();
  }

  get callId(): string {
    return this.#options.ticket.callId;
  }

  get callConnectionId(): string {
    return this.#options.callConnectionId;
  }

  /** Resolves when the stream is over, for whatever cause. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Resolves when the stream is over and every worker has been told, or could not be told in time. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Audio that waits for workers or for ACS, in bytes. */
  get queuedBytes(): number {
    return this.#workers.reduce(
      (sum, { lane }) => sum + lane.queuedBytes,
      this.#options.socket.bufferedBytes() + this.#speaker.heldBytes,
    );
  }

  /** A message of ACS. */
  receive(message: Buffer, isBinary: boolean): void {
    if (this.#isOver()) return;
    const intake = this.#intake.read(message, isBinary);
    switch (intake.kind) {
      case 'ignored':
        this.#ignore(intake.reason);
        break;
      case 'metadata':
        this.#streaming();
        break;
      case 'dtmf':
        // Before the key, so that the answer to it belongs to the turn that it begins.
        this.#speaker.keyPressed();
        this.#tell({ type: 'dtmf', tone: intake.tone });
        break;
      case 'frame':
        this.#frame(intake);
        break;
    }
  }

  /** The socket is closed, by ACS or by the network. */
  socketClosed(): void {
    this.#end('stream ended');
  }

  /**
   * Puts one more worker on the call while it lasts.
   * @throws Error when the call is over, has a worker of this name, or has as many as it may have.
   */
  attach(worker: WorkerPlan): void {
    const present = this.#workers.filter(({ isDetached }) => !isDetached);
    if (this.#isOver()) throw new Error('the call has ended');
    if (present.some(({ name }) => name === worker.name)) {
      throw new Error(`the worker ${worker.name} is on the call already`);
    }
    if (present.length >= MAX_WORKERS || this.#workers.length >= MAX_WORKERS_EVER) {
      throw new Error(`a call has at most ${MAX_WORKERS} workers, and ${MAX_WORKERS_EVER} in its time`);
    }
    this.#workers.push(this.#link(worker));
  }

  /** Takes a worker off the call: it is told so, and what it has said is dropped. False when it is not on the call. */
  detach(name: string): boolean {
    const link = this.#workers.find((each) => each.name === name && !each.isDetached);
    if (link === undefined || this.#isOver()) return false;
    link.isDetached = true;
    link.voice.leave();
    link.lane.end({ type: 'call.ended', reason: 'detached' });
    return true;
  }

  /** Ends the call's stream from this side. Idempotent; the first cause counts. */
  close(cause: CloseCause): void {
    this.#end(cause);
    this.#options.socket.close(cause === 'replaced' ? CLOSE_NORMAL : CLOSE_GOING_AWAY, cause);
  }

  report(): CallReport {
    const { ticket, callConnectionId, correlationId } = this.#options;
    const spoken = this.#speaker.report();
    return {
      callId: ticket.callId,
      callConnectionId,
      ...(correlationId === undefined ? {} : { correlationId }),
      state: this.#state,
      startedAtMs: this.#startedAtMs,
      ...(this.#endedAtMs === undefined ? {} : { endedAtMs: this.#endedAtMs }),
      ...(this.#endedReason === undefined ? {} : { endedReason: this.#endedReason }),
      framesIn: this.#framesIn,
      framesOut: Math.round(spoken.audioMsOut / FRAME_MS),
      audioMsIn: Math.round(bytesToMs(ticket.plan.format, this.#bytesIn)),
      ...spoken,
      ignored: this.#ignored.toRecord(),
      workers: this.#workers.map(({ lane, replies }) => ({ ...lane.report(), ...replies.counts })),
    };
  }

  #frame({ ssrc, pcm, timestamp, joined }: Extract<Intake, { kind: 'frame' }>): void {
    this.#streaming();
    this.#framesIn += 1;
    this.#bytesIn += pcm.byteLength;
    if (joined !== undefined) this.#tell({ type: 'participant', ...joined });
    const heard = this.#listening.hear(ssrc, pcm, timestamp);
    for (const { lane } of this.#workers) lane.pushFrame(heard);
  }

  #link(worker: WorkerPlan): WorkerLink {
    const { ticket, openConnection, maxBacklogMs, clock, log, onPublish } = this.#options;
    const { format } = ticket.plan;
    const { name, listen, codec = 'pcm16' } = worker;
    const voice = this.#speaker.join({
      speaks: worker.speaks ?? true,
      priority: worker.priority ?? WORKER_PRIORITY.default,
      bargeIn: bargeInOf(worker),
      replyMs: replyMsOf(listen),
      tellsPlayed: listen.mode !== 'chunk',
      onEvent: (event) => lane.pushEvent(event),
    });
    const replies = new WorkerReplies({
      format,
      codec,
      voice,
      answersWhole: listen.mode === 'utterance',
      onIgnored: (reason, count) => this.#ignore(`reply: ${reason}`, count),
      onPublish: (action) => onPublish?.(ticket.callId, name, action),
      onFailed: () => lane.eventFailed(),
    });
    const lane: WorkerLane = new (listen.mode === 'stream' ? StreamLane : Lane)({
      callId: ticket.callId,
      worker: name,
      format,
      audio: audioFor(listen, { format, codec, maxBacklogMs, onEvent: (event) => lane.pushEvent(event) }),
      clock,
      openConnection,
      callStarted: () => this.#callStarted(voice.turn, listen),
      onMessage: (message) => replies.handle(message),
      onOpened: () => replies.restart(),
      onStateChange: (state) => {
        if (state === 'failed') {
          log.warn({ worker: name }, 'the lane could not be opened; the call goes on without it');
        } else log.debug({ worker: name, state }, 'lane');
      },
    });
    return { name, lane, replies, voice, isDetached: false };
  }

  #callStarted(turn: number, listen: ListenMode): CallEvent {
    const { ticket, callConnectionId, correlationId } = this.#options;
    return {
      type: 'call.started',
      callId: ticket.callId,
      callConnectionId,
      ...(correlationId === undefined ? {} : { correlationId }),
      from: ticket.from,
      to: ticket.to,
      format: ticket.plan.format,
      listen: listen.mode,
      participants: this.#intake.participants,
      turn,
      // Audio is lost between two streams of a call.
      ...(this.#options.isResumed ? { resumed: true, discontinuity: true } : {}),
    };
  }

  #tell(event: CallEvent): void {
    for (const { lane } of this.#workers) lane.pushEvent(event);
  }

  #streaming(): void {
    if (this.#state === 'connected') this.#state = 'streaming';
  }

  #ignore(reason: string, count = 1): void {
    this.#ignored.add(reason, count);
    if (this.#ignored.isFirst(reason)) this.#options.log.info({ reason }, 'ignored a message');
  }

  #end(cause: CloseCause): void {
    if (this.#isOver()) return;
    this.#state = 'ending';
    this.#endedReason = cause;
    this.#speaker.close();
    this.#listening.close();
    for (const { lane } of this.#workers) lane.end({ type: 'call.ended', reason: cause });
    this.#over.resolve();
  }

  async #whenEnded(): Promise<void> {
    await this.#over.promise;
    await Promise.all(this.#workers.map(({ lane }) => lane.closed));
    this.#state = 'ended';
    this.#endedAtMs = this.#options.clock.nowMs();
  }

  #isOver(): boolean {
    return this.#state === 'ending' || this.#state === 'ended';
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
