/**
 * One stream of a call: what ACS sends goes to the lanes of the workers, and what the workers say goes into the call.
 * `SessionLife` has its states.
 */
import { bytesToMs, FRAME_MS } from '../../shared/audio/audio-format.ts';
import type { StreamHandover } from '../../shared/wire/relay/stream-handover.ts';
import { ReasonCounter } from '../base/reason-counter.ts';
import { HandoverPublisher } from '../handover/handover-publisher.ts';
import { MediaDecoder } from '../listen/media-decoder.ts';
import type { SpeechListener } from '../listen/speech-bounds.ts';
import { SpeechDetector } from '../listen/speech-detector.ts';
import { CallPlayout } from '../speak/call-playout.ts';
import type { TurnObserver } from '../speak/worker-turns.ts';
import { CallWorkers } from '../workers/call-workers.ts';
import { ControlGroup } from '../workers/control-group.ts';
import type { CallReport } from './call-report.ts';
import { callStarted } from './call-started.ts';
import { type CloseCause, isContinued } from './close-cause.ts';
import { SessionLife } from './session-life.ts';
import type { SessionOptions } from './session-options.ts';

const unobserved = (): TurnObserver => ({ began: () => {}, answered: () => {}, gaveUp: () => {} });

export class Session {
  readonly #options: SessionOptions;
  readonly #decoder: MediaDecoder;
  readonly #detector: SpeechDetector;
  readonly #playout: CallPlayout;
  readonly #ignored = new ReasonCounter();
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
    const { clock, random, wheel, media, openConnection, openControl, log, onPublish, handover } = options;
    const { maxBacklogMs, jitterBufferMs, playoutLeadMs: leadMs, ticketKeys: keys } = options.settings;
    const { callId, plan } = options.ticket;
    const { format } = plan;
    this.#life = new SessionLife(clock.nowMs());
    this.#decoder = new MediaDecoder(plan);
    const { held, heard } = options;
    const isHeldUp = (): boolean => this.#detector.isHeldUp;
    this.#playout = new CallPlayout({
      output: media,
      format,
      jitterBufferMs,
      leadMs,
      isHeldUp,
      clock,
      wheel,
      held,
    });
    this.#control = new ControlGroup({
      callId,
      keys,
      clock,
      random,
      open: openControl,
      log,
      workers: () => this.#workers,
      onIgnored: (reason) => this.#ignore(reason),
    });
    const { onHandover: save } = options;
    const current = (): StreamHandover => this.#workers.handover;
    this.#handover = save && new HandoverPublisher({ clock, current, save });
    this.#workers = new CallWorkers({
      callId,
      format,
      playout: this.#playout,
      openConnection,
      maxBacklogMs,
      heard,
      handover,
      clock,
      random,
      log,
      callStarted: (worker, turn, listen) =>
        callStarted(options, { worker, turn, listen, participants: this.#decoder.participants }),
      onIgnored: (reason, count) => this.#ignore(reason, count),
      onPublish: (worker, action) => onPublish?.(worker, action),
      onControl: (value) => this.#control.receive(value),
      observeTurns: options.observeTurns ?? unobserved,
      onChange: () => this.#workersChanged(),
    });
    this.#detector = new SpeechDetector({
      format,
      isSteady: plan.channels === 'mixed',
      clock,
      speech: this.#speech(),
      onAdvance: (position) => this.#workers.advance(position),
    });
    // Workers that joined or left in the stream before stay on the call, or off it.
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

  /** Resolves when the stream is over and every worker knows it, or could not be reached in time. */
  get ended(): Promise<void> {
    return this.#life.ended;
  }

  /** Whether the stream is over, for whatever cause. */
  get isOver(): boolean {
    return this.#life.isOver;
  }

  /** Frames that ACS has sent, and that could be used. */
  get framesIn(): number {
    return this.#framesIn;
  }

  /** Audio that waits for workers to hear it, or for the socket to ACS, in bytes. */
  get queuedBytes(): number {
    return this.#workers.queuedBytes + this.#options.media.bufferedBytes();
  }

  /** What workers have said and ACS is given in time, in bytes. `HeldAudio` bounds it. */
  get heldBytes(): number {
    return this.#playout.heldBytes;
  }

  /** Takes a message of ACS. */
  receive(message: Buffer, isBinary: boolean): void {
    if (this.#life.isOver) return;
    const decoded = this.#decoder.read(message, isBinary);
    switch (decoded.kind) {
      case 'ignored':
        this.#ignore(decoded.reason);
        break;
      case 'metadata':
        this.#life.heard();
        break;
      case 'dtmf':
        // Playout comes first: the key begins a turn, and the answer to the key belongs to it.
        this.#playout.keyPressed();
        this.#options.activity?.keyPressed();
        this.#workers.tell({ type: 'dtmf', tone: decoded.tone });
        break;
      case 'frame':
        if (this.#framesIn === 0) this.#life.heard();
        this.#framesIn += 1;
        this.#bytesIn += decoded.pcm.byteLength;
        if (decoded.joined !== undefined) this.#workers.tell({ type: 'participant', ...decoded.joined });
        this.#workers.hear(this.#detector.hear(decoded.ssrc, decoded.pcm, decoded.timestamp));
        break;
    }
  }

  /** Gets ready for a restart at another relay, which ends this stream. Resolves when the call's state is saved. */
  async prepareMigration(): Promise<void> {
    this.#isMoving = true;
    await this.#handover?.saveNow();
  }

  /** ACS or the network closed the socket. */
  socketClosed(): void {
    this.#end(this.#isMoving ? 'moved' : 'stream ended');
  }

  /** Ends the call's stream from this side. Idempotent; the first cause counts. */
  close(cause: CloseCause): void {
    this.#end(cause);
    this.#options.media.close(cause);
  }

  report(): CallReport {
    const { ticket, callConnectionId, correlationId } = this.#options;
    const played = this.#playout.report();
    return {
      callId: ticket.callId,
      callConnectionId,
      ...(correlationId === undefined ? {} : { correlationId }),
      ...this.#life.report(),
      framesIn: this.#framesIn,
      framesOut: Math.round(played.audioMsOut / FRAME_MS),
      audioMsIn: Math.round(bytesToMs(ticket.plan.format, this.#bytesIn)),
      ...played,
      ignored: this.#ignored.toRecord(),
      controlAttemptsFailed: this.#control.failedAttempts,
      workers: this.#workers.reports(),
    };
  }

  #workersChanged(): void {
    this.#control.workersChanged();
    this.#handover?.changed();
  }

  /** What speech does: it may interrupt what is played, and it begins and ends the turns of the workers. */
  #speech(): SpeechListener {
    return {
      onSpeechStarted: (ssrc) => {
        this.#playout.onSpeechStarted(ssrc);
        this.#options.activity?.speechStarted();
        this.#workers.speechStarted();
      },
      onSpeechEnded: (ssrc, timestamp, durationMs) => {
        this.#playout.onSpeechEnded(ssrc, timestamp, durationMs);
        this.#options.activity?.speechEnded();
        this.#workers.speechEnded(this.#detector.agoMs(timestamp));
      },
    };
  }

  #ignore(reason: string, count = 1): void {
    this.#ignored.add(reason, count);
    if (this.#ignored.isFirst(reason)) this.#options.log.info({ reason }, 'ignored a message');
  }

  #end(cause: CloseCause): void {
    if (!this.#life.end(cause)) return;
    this.#playout.close();
    this.#detector.close();
    this.#control.end();
    const { isMovable = false, clock } = this.#options;
    const isToBeContinued = isContinued(cause, isMovable);
    this.#handover?.end(isToBeContinued);
    // If the next stream does not come after all, this one has simply ended.
    const told = isToBeContinued
      ? this.#workers.release({ type: 'call.ended', reason: 'stream ended' })
      : this.#workers.end({ type: 'call.ended', reason: cause });
    void told.then(() => this.#life.finish(clock.nowMs()));
  }
}
