/**
 * One worker of one call. The acknowledgement of an event is the clock of the lane: the next message goes out when the
 * last one is acknowledged, has failed, or has taken too long, so that a slow worker gets longer chunks and not a queue.
 *
 *     opening ──started──▶ open ──end()──▶ draining ──all sent, or time is up──▶ closed
 *        │  ▲                │ connection lost   │ connection lost
 *   failed│  └──after a wait─┐▼                  └──────────────────────────────▶ closed
 *        ├──────────────▶ waiting
 *        └──no attempt left──▶ failed            end() in opening and waiting: draining once open, in the same time
 *
 *     open ──release()──▶ released ──the connection is taken over, or lost──▶ closed
 *                              └──nobody took it in time──▶ draining
 *
 * The call goes on whatever becomes of a lane.
 */

import { BackOff } from '../../shared/base/back-off.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { CallEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { LaneIdentity } from '../../shared/wire/relay/stream-handover.ts';
import type { HeardFrame } from '../listen/heard-frame.ts';
import { InFlight } from './in-flight.ts';
import type { LaneConnection, LaneMessage, LaneResume, OpenLaneConnection } from './lane-connection.ts';
import { LaneOutbox, type OutboxMessage, type OutboxOptions } from './lane-outbox.ts';
import { type LaneReport, type LaneState, LaneStats } from './lane-stats.ts';
import type { WorkerLane } from './worker-lane.ts';

/** How long opening a connection may take. */
export const OPEN_TIMEOUT_MS = 10_000;
/** How long the rest of the audio and `call.ended` may take after the stream's end. */
export const END_LIMIT_MS = 3_000;
/** Attempts in a row to open a lane; an acknowledged event starts the count again. */
export const OPEN_ATTEMPTS = 10;
/** Short, since most often one connection was lost and the next one is to be had: meanwhile a worker hears nothing. */
const OPEN_FIRST_WAIT_MS = 100;
const OPEN_LONGEST_WAIT_MS = 5_000;
/** `call.started` is tried this often before the audio goes on without it. */
export const START_EVENT_ATTEMPTS = 3;
export const START_EVENT_WAIT_MS = 1_000;
/** How long a released lane waits for the next stream of the call to take its connection over. */
export const RELEASE_LIMIT_MS = 3_000;

export interface LaneOptions extends OutboxOptions {
  readonly callId: string;
  readonly worker: string;
  readonly openConnection: OpenLaneConnection;
  /** Whether the lane's connection also publishes in the worker's group. Absent: false. */
  readonly publishes?: boolean;
  /** The connection of the stream before, to be taken over if it is still there. */
  readonly resume?: LaneResume;
  /** The lane goes on with a call that had a stream before. Absent: false. */
  readonly isResumed?: boolean;
  /** Replies to what another stream has sent are too late to be heard: true for a worker that answers as it hears. Absent: false. */
  readonly skipsReplays?: boolean;
  readonly clock: Clock;
  /** A message of the worker. */
  readonly onMessage: (message: LaneMessage) => void;
  /** A message was skipped (`skipsReplays`). */
  readonly onReplay: () => void;
  /** Something was published in the call's control group. */
  readonly onControl: (value: unknown) => void;
  /** The lane's connection is a new one: whatever counted on the last one begins again. */
  readonly onOpened: () => void;
  readonly onStateChange: (state: LaneState) => void;
}

interface Connected {
  readonly connection: LaneConnection;
  /** What comes may answer what an earlier holder of this connection has sent. */
  mayReplay: boolean;
}

export class Lane implements WorkerLane {
  readonly #options: LaneOptions;
  readonly #outbox: LaneOutbox;
  readonly #stats = new LaneStats();
  readonly #backOff = new BackOff({
    firstMs: OPEN_FIRST_WAIT_MS,
    longestMs: OPEN_LONGEST_WAIT_MS,
    attempts: OPEN_ATTEMPTS,
    random: Math.random,
  });
  readonly #closed = Promise.withResolvers<void>();
  #state: LaneState = 'opening';
  #current: Connected | undefined;
  #ending = false;
  #cancelEndLimit = (): void => {};
  #cancelWait = (): void => {};
  /** Set while `call.started` waits for its next attempt. */
  #held = false;
  #startAttempts = 0;
  #resume: LaneResume | undefined;
  readonly #inFlight: InFlight;

  /** Begins to open the lane. */
  constructor(options: LaneOptions) {
    this.#options = options;
    this.#outbox = new LaneOutbox(options);
    this.#inFlight = new InFlight(options.clock, () => this.#settled(false));
    this.#resume = options.resume;
    this.#open();
  }

  /** Resolves when the lane is closed or has failed and will do nothing more. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  get state(): LaneState {
    return this.#state;
  }

  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
  }

  pushFrame(frame: HeardFrame): void {
    this.#outbox.pushFrame(frame);
    this.#pump();
  }

  /** The stream has come to `position`, in samples, though no frame says so. */
  advance(position: number): void {
    this.#outbox.advance(position);
    this.#pump();
  }

  pushEvent(event: CallEvent): void {
    this.#outbox.pushEvent(event);
    this.#pump();
  }

  /** The worker says that it could not handle the event that is under way: it counts as failed once it is acknowledged. */
  eventFailed(): void {
    this.#inFlight.refuse();
  }

  /** `call.started` is due again on this connection: whoever answered it no longer has the call. */
  tellAgain(): void {
    if (this.#isOver()) return;
    this.#startAttempts = 0;
    this.#outbox.resume();
    this.#pump();
  }

  /** The stream is over: the rest of the audio and `ended` are sent if that works within `END_LIMIT_MS`. Idempotent. */
  end(ended: CallEvent): void {
    if (this.#ending || this.#isOver()) return;
    this.#ending = true;
    this.#drain(ended);
  }

  /**
   * The stream is over and another one is to take its place: the rest of the audio is sent, and the connection is left to be taken over, with the
   * state of the worker that is kept with it. If nobody does in time, or it cannot be, the worker is told `ended`. Idempotent.
   */
  release(ended: CallEvent): void {
    if (this.#ending || this.#isOver()) return;
    const { connection } = this.#current ?? {};
    if (this.#state !== 'open' || connection?.identity === undefined || connection.release === undefined) {
      this.end(ended);
      return;
    }
    this.#ending = true;
    this.#outbox.close();
    connection.release();
    this.#enter('released');
    this.#cancelWait();
    this.#held = false;
    this.#cancelEndLimit = this.#options.clock.after(RELEASE_LIMIT_MS, () => this.#drain(ended));
    this.#pump();
  }

  /** By what the next stream may take the lane over; undefined while it cannot be. */
  get identity(): LaneIdentity | undefined {
    return this.#state === 'open' || this.#state === 'released'
      ? this.#current?.connection.identity
      : undefined;
  }

  report(): LaneReport {
    return {
      name: this.#options.worker,
      state: this.#state,
      ...this.#stats.report(this.#outbox.eventsDropped),
      droppedMs: Math.round(this.#outbox.droppedMs),
    };
  }

  #drain(ended: CallEvent): void {
    this.#outbox.end(ended);
    this.#cancelEndLimit = this.#options.clock.after(END_LIMIT_MS, () => this.#finish('closed'));
    if (this.#state === 'open' || this.#state === 'released') this.#enter('draining');
    this.#pump();
  }

  #open(): void {
    const { callId, worker, publishes = false, openConnection, clock, onControl } = this.#options;
    // Only the first attempt can be to take one over: a connection that this lane has lost is lost.
    const resume = this.#resume;
    this.#resume = undefined;
    this.#enter('opening');
    const isCurrent = (): boolean => this.#current === current;
    const connection = openConnection(
      { callId, worker, publishes, ...(resume === undefined ? {} : { resume }) },
      {
        message: (message) => {
          if (isCurrent()) this.#received(current, message);
        },
        settled: (isAcked) => {
          if (isCurrent()) this.#settled(isAcked);
        },
        control: (value) => {
          if (isCurrent()) onControl(value);
        },
        closed: () => {
          if (isCurrent()) this.#disconnected();
        },
      },
    );
    const current: Connected = { connection, mayReplay: resume !== undefined };
    this.#current = current;
    const cancel = clock.after(OPEN_TIMEOUT_MS, () => {
      if (isCurrent()) this.#disconnected();
    });
    connection.start().then(
      () => {
        cancel();
        if (isCurrent() && this.#state === 'opening') this.#started();
      },
      () => {
        cancel();
        if (isCurrent()) this.#disconnected();
      },
    );
  }

  #started(): void {
    this.#stats.opened();
    this.#startAttempts = 0;
    if (this.#stats.timesOpened > 1) this.#outbox.resume();
    this.#enter(this.#ending ? 'draining' : 'open');
    this.#options.onOpened();
    this.#pump();
  }

  #disconnected(): void {
    const lost = this.#current;
    this.#current = undefined;
    this.#cancelWait();
    this.#held = false;
    lost?.connection.stop();
    this.#failInFlight();
    if (this.#isOver()) return;
    if (this.#state === 'draining' || this.#state === 'released') {
      this.#finish('closed');
      return;
    }
    const waitMs = this.#backOff.failed();
    if (waitMs === undefined) {
      this.#finish('failed');
      return;
    }
    this.#enter('waiting');
    this.#cancelWait = this.#options.clock.after(waitMs, () => this.#open());
  }

  #pump(): void {
    const current = this.#current;
    const isReady = this.#state === 'open' || this.#state === 'released' || this.#state === 'draining';
    if (!isReady || current === undefined || !this.#inFlight.isEmpty || this.#held) return;
    const message = this.#outbox.next();
    if (message !== undefined) this.#send(current, message);
    else if (this.#state === 'draining') this.#finish('closed');
  }

  #send(current: Connected, message: OutboxMessage): void {
    this.#inFlight.begin(message);
    this.#stats.sent(message);
    if (message.kind === 'audio') current.connection.sendAudio(message.packet);
    else current.connection.sendEvent(message.event);
  }

  #settled(isAcked: boolean): void {
    const settled = this.#inFlight.settle();
    if (settled === undefined) return;
    const { message, tookMs, isRefused } = settled;
    if (isAcked && !isRefused) this.#acked(message, tookMs);
    else this.#failed(message);
    this.#pump();
  }

  #failInFlight(): void {
    const lost = this.#inFlight.settle();
    if (lost !== undefined) this.#failed(lost.message);
  }

  /** The first acknowledgement comes after everything that was kept for this connection. */
  #received(current: Connected, message: LaneMessage): void {
    const { skipsReplays = false, onMessage, onReplay } = this.#options;
    if (current.mayReplay && skipsReplays) onReplay();
    else onMessage(message);
  }

  #acked(message: OutboxMessage, tookMs: number): void {
    this.#backOff.succeeded();
    if (this.#current !== undefined) this.#current.mayReplay = false;
    this.#stats.acked(message, tookMs);
  }

  #failed(message: OutboxMessage): void {
    this.#stats.failed(message);
    if (message.kind === 'audio') {
      this.#outbox.lost(message.ssrc);
      return;
    }
    if (message.event.type !== 'call.started') return;
    this.#startAttempts += 1;
    if (this.#startAttempts >= START_EVENT_ATTEMPTS || this.#current === undefined) return;
    this.#outbox.restart();
    this.#held = true;
    this.#cancelWait = this.#options.clock.after(START_EVENT_WAIT_MS, () => {
      this.#held = false;
      this.#pump();
    });
  }

  #finish(state: 'closed' | 'failed'): void {
    if (this.#isOver()) return;
    this.#enter(state);
    this.#cancelEndLimit();
    this.#cancelWait();
    const current = this.#current;
    this.#current = undefined;
    this.#inFlight.close();
    this.#failInFlight();
    current?.connection.stop();
    this.#outbox.discard();
    this.#closed.resolve();
  }

  #isOver(): boolean {
    return this.#state === 'closed' || this.#state === 'failed';
  }

  #enter(state: LaneState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onStateChange(state);
  }
}
