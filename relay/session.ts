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
import type { ListenMode } from '../shared/core/plan.ts';
import type { StreamHandover } from '../shared/protocol/stream-handover.ts';
import type { VerifiedTicket } from '../shared/protocol/ticket.ts';
import type { CallEvent } from '../shared/protocol/worker-messages.ts';
import type { CallReport, CallState } from './call-report.ts';
import type { Clock } from './clock.ts';
import { CallControl } from './control/call-control.ts';
import { Counts } from './counts.ts';
import { HandoverNotice } from './handover/handover-notice.ts';
import type { OpenControlConnection, OpenLaneConnection } from './lane-connection.ts';
import { Listening } from './listening/listening.ts';
import type { SpeechListener } from './listening/speech-events.ts';
import { type Intake, MediaIntake } from './media-intake.ts';
import type { MediaSocket } from './media-socket.ts';
import type { CallActivity } from './operations/idle-watch.ts';
import { Speaker } from './speaker.ts';
import type { TimerWheel } from './speaking/timer-wheel.ts';
import type { TurnObserver } from './turns/worker-turns.ts';
import type { PublishAction } from './worker-replies.ts';
import { CallWorkers } from './workers/call-workers.ts';

/** Close codes of RFC 6455, section 7.4.1. */
const CLOSE_NORMAL = 1000;
const CLOSE_GOING_AWAY = 1001;

const unobserved = (): TurnObserver => ({ began: () => {}, answered: () => {}, gaveUp: () => {} });

/** `moved`: this relay had the stream restarted, so that it is opened elsewhere. */
export type CloseCause = 'stream ended' | 'moved' | 'replaced' | 'relay shutting down' | 'no sign of life';

export interface SessionOptions {
  readonly ticket: VerifiedTicket;
  readonly callConnectionId: string;
  readonly correlationId?: string;
  /** What the stream before this one has left; undefined for the first of the call. */
  readonly handover?: StreamHandover;
  /**
   * Leaves word for the next stream of the call. `isKept`: another relay is to find it as well. Absent: nobody is told, and lanes are not left to be taken
   * over by other relays.
   */
  readonly onHandover?: (handover: StreamHandover, isKept: boolean) => Promise<void>;
  /** Another relay may take over what this one leaves. */
  readonly isMovable?: boolean;
  readonly socket: MediaSocket;
  readonly openConnection: OpenLaneConnection;
  readonly openControl: OpenControlConnection;
  /** By which messages in the call's control group are signed. */
  readonly controlKeys: readonly string[];
  readonly maxBacklogMs: number;
  readonly jitterBufferMs: number;
  readonly playoutLeadMs: number;
  readonly clock: Clock;
  /** On the same clock. */
  readonly wheel: TimerWheel;
  /** Already bound to the call's ids. */
  readonly log: Logger;
  /** Follows the turns of a worker. Absent: nobody does. */
  readonly observeTurns?: (worker: string) => TurnObserver;
  /** Told of what people do on the call. Absent: nobody is. */
  readonly activity?: CallActivity;
  /** A worker published something for whoever watches the call. */
  readonly onPublish?: (callId: string, worker: string, action: PublishAction) => void;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #intake: MediaIntake;
  readonly #listening: Listening;
  readonly #speaker: Speaker;
  readonly #ignored = new Counts();
  readonly #workers: CallWorkers;
  readonly #control: CallControl;
  readonly #notice: HandoverNotice | undefined;
  readonly #over = Promise.withResolvers<void>();
  readonly #ended: Promise<void>;
  readonly #startedAtMs: number;
  /** Resolves when every worker has been told of the end, or could not be told in time. */
  #told: Promise<void> = Promise.resolve();
  #isMoving = false;
  #state: CallState = 'connected';
  #endedReason: CloseCause | undefined;
  #endedAtMs: number | undefined;
  #framesIn = 0;
  #bytesIn = 0;

  /** Begins to open the lanes. */
  constructor(options: SessionOptions) {
    this.#options = options;
    const { clock, wheel, socket, jitterBufferMs, playoutLeadMs: leadMs, openConnection } = options;
    const { maxBacklogMs, log, onPublish, controlKeys: keys, openControl, handover } = options;
    const { callId, plan } = options.ticket;
    const { format } = plan;
    this.#startedAtMs = clock.nowMs();
    this.#intake = new MediaIntake(plan);
    this.#speaker = new Speaker({ socket, format, jitterBufferMs, leadMs, clock, wheel });
    this.#control = new CallControl({
      callId,
      keys,
      clock,
      open: openControl,
      workers: () => this.#workers,
      onIgnored: (reason) => this.#ignore(reason),
    });
    const { onHandover: leave } = options;
    const current = (): StreamHandover => this.#workers.handover;
    this.#notice = leave && new HandoverNotice({ clock, current, leave });
    this.#workers = new CallWorkers({
      callId,
      format,
      speaker: this.#speaker,
      openConnection,
      maxBacklogMs,
      handover,
      clock,
      log,
      callStarted: (turn, listen) => this.#callStarted(turn, listen),
      onIgnored: (reason, count) => this.#ignore(reason, count),
      onPublish: (worker, action) => onPublish?.(callId, worker, action),
      onControl: (value) => this.#control.receive(value),
      observeTurns: options.observeTurns ?? unobserved,
      onChange: () => this.#workersChanged(),
    });
    this.#listening = new Listening({
      format,
      clock,
      speech: this.#speech(),
      onAdvance: (position) => this.#workers.advance(position),
    });
    // Whoever was put on the call or taken off it in the stream before stays so.
    for (const worker of handover?.workers ?? plan.workers) this.#workers.attach(worker);
    this.#workersChanged();
    this.#notice?.begin();
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
    const { socket } = this.#options;
    return this.#workers.queuedBytes + socket.bufferedBytes() + this.#speaker.heldBytes;
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
        this.#options.activity?.keyPressed();
        this.#workers.tell({ type: 'dtmf', tone: intake.tone });
        break;
      case 'frame':
        this.#frame(intake);
        break;
    }
  }

  /** The stream is about to be restarted elsewhere: when it ends now, that is why. Resolves when word is left of what is not known yet. */
  async beMoved(): Promise<void> {
    this.#isMoving = true;
    await this.#notice?.leaveNow();
  }

  /** The socket is closed, by ACS or by the network. */
  socketClosed(): void {
    this.#end(this.#isMoving ? 'moved' : 'stream ended');
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
      workers: this.#workers.reports(),
    };
  }

  #frame({ ssrc, pcm, timestamp, joined }: Extract<Intake, { kind: 'frame' }>): void {
    this.#streaming();
    this.#framesIn += 1;
    this.#bytesIn += pcm.byteLength;
    if (joined !== undefined) this.#workers.tell({ type: 'participant', ...joined });
    this.#workers.hear(this.#listening.hear(ssrc, pcm, timestamp));
  }

  #workersChanged(): void {
    this.#control.workersChanged();
    this.#notice?.changed();
  }

  /** Who is told of speech: what is said into the call first, then who waits for an answer. */
  #speech(): SpeechListener {
    return {
      onSpeechStarted: (ssrc) => {
        this.#speaker.onSpeechStarted(ssrc);
        this.#options.activity?.speechStarted();
        this.#workers.speechStarted();
      },
      onSpeechEnded: (ssrc, timestamp, durationMs) => {
        this.#speaker.onSpeechEnded(ssrc, timestamp, durationMs);
        this.#options.activity?.speechEnded();
        this.#workers.speechEnded(this.#listening.agoMs(timestamp));
      },
    };
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
      ...(ticket.control === undefined ? {} : { control: ticket.control }),
      // Audio is lost between two streams of a call.
      ...(this.#options.handover !== undefined ? { resumed: true, discontinuity: true } : {}),
    };
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
    this.#control.end();
    const isContinued = this.#isContinued(cause);
    this.#notice?.end(isContinued);
    // Should the next stream not come after all, this one has just ended.
    this.#told = isContinued
      ? this.#workers.release({ type: 'call.ended', reason: 'stream ended' })
      : this.#workers.end({ type: 'call.ended', reason: cause });
    this.#over.resolve();
  }

  /** Whether another stream of the call is to be expected, so that the workers stay as they are. */
  #isContinued(cause: CloseCause): boolean {
    switch (cause) {
      case 'replaced':
        return true;
      case 'moved':
      case 'relay shutting down':
      case 'no sign of life':
        return this.#options.isMovable ?? false;
      case 'stream ended':
        return false;
    }
  }

  async #whenEnded(): Promise<void> {
    await this.#over.promise;
    await this.#told;
    this.#state = 'ended';
    this.#endedAtMs = this.#options.clock.nowMs();
  }

  #isOver(): boolean {
    return this.#state === 'ending' || this.#state === 'ended';
  }
}
