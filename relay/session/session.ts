/** One call's stream: takes what ACS sends to the lanes, and what the workers send into the call. `SessionLife` has its states. */
import { bytesToMs, FRAME_MS } from '../../shared/audio/audio-format.ts';
import type { StreamHandover } from '../../shared/wire/relay/stream-handover.ts';
import { Counts } from '../base/counts.ts';
import { HandoverPublisher } from '../handover/handover-publisher.ts';
import { Listening } from '../listen/listening.ts';
import { type Intake, MediaIntake } from '../listen/media-intake.ts';
import type { SpeechListener } from '../listen/speech-events.ts';
import { Speaker } from '../speak/speaker.ts';
import type { TurnObserver } from '../speak/worker-turns.ts';
import { CallWorkers } from '../workers/call-workers.ts';
import { ControlGroup } from '../workers/control-group.ts';
import type { CallReport } from './call-report.ts';
import { callStarted } from './call-started.ts';
import { type CloseCause, closeCodeOf, isContinued } from './close-cause.ts';
import { SessionLife } from './session-life.ts';
import type { SessionOptions } from './session-options.ts';

const unobserved = (): TurnObserver => ({ began: () => {}, answered: () => {}, gaveUp: () => {} });

export class Session {
  readonly #options: SessionOptions;
  readonly #intake: MediaIntake;
  readonly #listening: Listening;
  readonly #speaker: Speaker;
  readonly #ignored = new Counts();
  readonly #workers: CallWorkers;
  readonly #control: ControlGroup;
  readonly #handover: HandoverPublisher | undefined;
  readonly #life: SessionLife;
  #isMoving = false;
  #framesIn = 0;
  #bytesIn = 0;

  /** Begins to open the lanes. */
  constructor(options: SessionOptions) {
    this.#options = options;
    const { clock, random, wheel, socket, jitterBufferMs, playoutLeadMs: leadMs, openConnection } = options;
    const { maxBacklogMs, log, onPublish, controlKeys: keys, openControl, handover } = options;
    const { callId, plan } = options.ticket;
    const { format } = plan;
    this.#life = new SessionLife(clock.nowMs());
    this.#intake = new MediaIntake(plan);
    this.#speaker = new Speaker({ socket, format, jitterBufferMs, leadMs, clock, wheel });
    this.#control = new ControlGroup({
      callId,
      keys,
      clock,
      random,
      open: openControl,
      workers: () => this.#workers,
      onIgnored: (reason) => this.#ignore(reason),
    });
    const { onHandover: save } = options;
    const current = (): StreamHandover => this.#workers.handover;
    this.#handover = save && new HandoverPublisher({ clock, current, save });
    this.#workers = new CallWorkers({
      callId,
      format,
      speaker: this.#speaker,
      openConnection,
      maxBacklogMs,
      handover,
      clock,
      random,
      log,
      callStarted: (turn, listen) =>
        callStarted(options, { turn, listen, participants: this.#intake.participants }),
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
    this.#handover?.begin();
  }

  get callId(): string {
    return this.#options.ticket.callId;
  }

  get callConnectionId(): string {
    return this.#options.callConnectionId;
  }

  /** Resolves when the stream is over, for whatever cause. */
  get over(): Promise<void> {
    return this.#life.over;
  }

  /** Resolves when the stream is over and every worker has been told, or could not be told in time. */
  get ended(): Promise<void> {
    return this.#life.ended;
  }

  /** Audio that waits for workers or for ACS, in bytes. */
  get queuedBytes(): number {
    const { socket } = this.#options;
    return this.#workers.queuedBytes + socket.bufferedBytes() + this.#speaker.heldBytes;
  }

  /** A message of ACS. */
  receive(message: Buffer, isBinary: boolean): void {
    if (this.#life.isOver) return;
    const intake = this.#intake.read(message, isBinary);
    switch (intake.kind) {
      case 'ignored':
        this.#ignore(intake.reason);
        break;
      case 'metadata':
        this.#life.heard();
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
    await this.#handover?.saveNow();
  }

  /** The socket is closed, by ACS or by the network. */
  socketClosed(): void {
    this.#end(this.#isMoving ? 'moved' : 'stream ended');
  }

  /** Ends the call's stream from this side. Idempotent; the first cause counts. */
  close(cause: CloseCause): void {
    this.#end(cause);
    this.#options.socket.close(closeCodeOf(cause), cause);
  }

  report(): CallReport {
    const { ticket, callConnectionId, correlationId } = this.#options;
    const spoken = this.#speaker.report();
    return {
      callId: ticket.callId,
      callConnectionId,
      ...(correlationId === undefined ? {} : { correlationId }),
      ...this.#life.report(),
      framesIn: this.#framesIn,
      framesOut: Math.round(spoken.audioMsOut / FRAME_MS),
      audioMsIn: Math.round(bytesToMs(ticket.plan.format, this.#bytesIn)),
      ...spoken,
      ignored: this.#ignored.toRecord(),
      workers: this.#workers.reports(),
    };
  }

  #frame({ ssrc, pcm, timestamp, joined }: Extract<Intake, { kind: 'frame' }>): void {
    this.#life.heard();
    this.#framesIn += 1;
    this.#bytesIn += pcm.byteLength;
    if (joined !== undefined) this.#workers.tell({ type: 'participant', ...joined });
    this.#workers.hear(this.#listening.hear(ssrc, pcm, timestamp));
  }

  #workersChanged(): void {
    this.#control.workersChanged();
    this.#handover?.changed();
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

  #ignore(reason: string, count = 1): void {
    this.#ignored.add(reason, count);
    if (this.#ignored.isFirst(reason)) this.#options.log.info({ reason }, 'ignored a message');
  }

  #end(cause: CloseCause): void {
    if (!this.#life.end(cause)) return;
    this.#speaker.close();
    this.#listening.close();
    this.#control.end();
    const { isMovable = false, clock } = this.#options;
    const isToBeContinued = isContinued(cause, isMovable);
    this.#handover?.end(isToBeContinued);
    // Should the next stream not come after all, this one has just ended.
    const told = isToBeContinued
      ? this.#workers.release({ type: 'call.ended', reason: 'stream ended' })
      : this.#workers.end({ type: 'call.ended', reason: cause });
    void told.then(() => this.#life.finish(clock.nowMs()));
  }
}
