/**
 * One worker of one call. `lane-machine.ts` has the states of a lane; this is its driver, with the connection, the
 * timers and the outbox. A delivery says how messages reach the worker: with acknowledgements, which are the lane's
 * clock, so that a slow worker gets longer chunks and not a queue, or by publishing them.
 *
 * The call goes on whatever happens to a lane.
 */

import { BackOff } from '../../shared/base/back-off.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { afterSilence } from '../../shared/base/own-pause.ts';
import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { LaneIdentity } from '../../shared/wire/relay/stream-handover.ts';
import type { AudioFrame } from '../listen/worker-audio.ts';
import type { CreateDelivery, Delivery } from './delivery.ts';
import { InFlight } from './in-flight.ts';
import { LaneAttempt } from './lane-attempt.ts';
import type { LaneMessage, LaneResume, OpenLaneConnection } from './lane-connection.ts';
import {
  canSend,
  isOver,
  type LaneEffect,
  type LaneInput,
  type LaneLife,
  type LaneState,
  NEW_LANE,
  stepLane,
} from './lane-machine.ts';
import { LaneOutbox, type OutboxMessage, type OutboxOptions } from './lane-outbox.ts';
import { type LaneReport, LaneStats } from './lane-stats.ts';

/**
 * Attempts in a row to open a lane. They take almost five minutes, so the call keeps its worker through a shorter
 * outage of Web PubSub, and while somebody with the key of the hub closes its connections. An acknowledged message
 * starts the count again.
 */
const OPEN_ATTEMPTS = 60;
/** Short, since the worker hears nothing meanwhile, and most often only this one connection was lost. */
const OPEN_FIRST_WAIT_MS = 100;
const OPEN_LONGEST_WAIT_MS = 5_000;

interface LaneOptions extends OutboxOptions {
  readonly callId: string;
  readonly worker: string;
  readonly delivery: CreateDelivery;
  readonly openConnection: OpenLaneConnection;
  /** The connection of the last stream, which the lane takes over if it is still there. */
  readonly resume?: LaneResume;
  /** The lane continues a call that had a stream before. Defaults to false. */
  readonly isResumed?: boolean;
  /**
   * Skips replies to what another stream sent: too late for a worker that answers as it hears. Defaults to false.
   */
  readonly skipsReplays?: boolean;
  readonly clock: Clock;
  /** Draws a number from 0 up to, but not including, 1. */
  readonly random: () => number;
  /** The worker says something. */
  readonly onMessage: (message: LaneMessage) => void;
  /** A message was skipped (`skipsReplays`). */
  readonly onReplay: () => void;
  /** Something was published in the call's control group. */
  readonly onControl: (value: unknown) => void;
  /** The lane has a new connection, or another process speaks for the worker: its numbers begin again. */
  readonly onNumbersRestart: () => void;
  readonly onStateChange: (state: LaneState) => void;
  /** `call.started` did not reach the worker in `START_EVENT_ATTEMPTS` attempts. */
  readonly onStartGivenUp: () => void;
}

export class Lane {
  readonly #options: LaneOptions;
  readonly #outbox: LaneOutbox;
  readonly #delivery: Delivery;
  readonly #inFlight: InFlight;
  readonly #stats = new LaneStats();
  readonly #backOff: BackOff;
  readonly #closed = Promise.withResolvers<void>();
  #life: LaneLife = NEW_LANE;
  #current: LaneAttempt | undefined;
  #resume: LaneResume | undefined;
  #ended: LaneEvent | undefined;
  #cancelLimit = (): void => {};
  #cancelWait = (): void => {};

  /** Begins to open the lane. */
  constructor(options: LaneOptions) {
    const { clock, random, isResumed = false } = options;
    this.#options = options;
    this.#outbox = new LaneOutbox(options);
    this.#inFlight = new InFlight(clock, () => this.#settle(false));
    this.#backOff = new BackOff({
      firstMs: OPEN_FIRST_WAIT_MS,
      longestMs: OPEN_LONGEST_WAIT_MS,
      attempts: OPEN_ATTEMPTS,
      random,
    });
    this.#delivery = options.delivery({
      clock,
      random,
      isResumed,
      settle: (isAcked) => this.#settle(isAcked),
      extend: () => this.#inFlight.extend(),
      otherSpeaks: () => options.onNumbersRestart(),
      startAgain: () => this.#startAgain(),
    });
    this.#resume = options.resume;
    this.#open();
  }

  /** Resolves when the lane is closed or has failed and does nothing more. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  get state(): LaneState {
    return this.#life.state;
  }

  /** Audio that waits for the worker, in bytes. */
  get queuedBytes(): number {
    return this.#options.audio.queuedBytes;
  }

  pushFrame(frame: AudioFrame): void {
    if (this.#life.isEnding) return;
    this.#options.audio.push(frame);
    this.#pump();
  }

  /** The stream has come to `position`, in samples, although no frame says so. */
  advance(position: number): void {
    if (this.#life.isEnding) return;
    this.#options.audio.advance(position);
    this.#pump();
  }

  pushEvent(event: LaneEvent): void {
    this.#outbox.pushEvent(event);
    this.#delivery.queued?.(event);
    this.#pump();
  }

  /** The worker says that it could not handle the event in flight: once acknowledged, the event counts as failed. */
  eventFailed(): void {
    this.#inFlight.refuse();
  }

  /** The stream is over: the rest of the audio and `ended` are sent if that works within `END_LIMIT_MS`. Idempotent. */
  end(ended: LaneEvent): void {
    this.#endBy(ended, { type: 'end' });
  }

  /**
   * The stream is over, and the next stream can take the lane's connection over, with the worker's state. The rest of
   * the audio is sent. If no stream takes it over in time, or none can, the worker gets `ended`. Idempotent.
   */
  release(ended: LaneEvent): void {
    const { connection } = this.#current ?? {};
    const isPossible = connection?.identity !== undefined && connection.release !== undefined;
    this.#endBy(ended, { type: 'release', isPossible });
  }

  /** What the next stream needs to take the lane over; undefined while it cannot. */
  get identity(): LaneIdentity | undefined {
    const { state } = this.#life;
    return state === 'open' || state === 'released' ? this.#current?.connection.identity : undefined;
  }

  report(): LaneReport {
    return {
      name: this.#options.worker,
      state: this.#life.state,
      ...this.#stats.report(this.#outbox.eventsDropped),
      droppedMs: Math.round(this.#options.audio.droppedMs),
    };
  }

  #endBy(ended: LaneEvent, input: LaneInput): void {
    if (this.#life.isEnding || isOver(this.#life)) return;
    this.#ended = ended;
    if (!this.#delivery.end()) this.#outbox.discard();
    this.#step(input);
    this.#pump();
  }

  #startAgain(): void {
    this.#outbox.resume();
    this.#step({ type: 'startAgain' });
    this.#pump();
  }

  #open(): void {
    const { callId, worker, openConnection, clock, skipsReplays = false } = this.#options;
    const { onMessage, onReplay, onControl } = this.#options;
    const delivery = this.#delivery;
    const { publishes } = delivery;
    // Only the first attempt can take a connection over: one that this lane has lost is lost.
    const resume = this.#resume;
    this.#resume = undefined;
    const target = { callId, worker, publishes, ...(resume === undefined ? {} : { resume }) };
    this.#current = new LaneAttempt(
      { target, openConnection, clock, marksReplays: skipsReplays },
      {
        opened: () => this.#opened(),
        lost: () => this.#lose(),
        message: (message, mayBeOld) => {
          if (delivery.consume?.(message, mayBeOld) === true) return;
          if (mayBeOld) onReplay();
          else onMessage(message);
        },
        settled: (isAcked) => this.#settle(isAcked),
        control: onControl,
      },
    );
  }

  #opened(): void {
    if (this.#life.state !== 'opening') return;
    this.#stats.opened();
    if (this.#stats.timesOpened > 1) this.#outbox.resume();
    this.#step({ type: 'opened' });
    this.#options.onNumbersRestart();
    this.#pump();
  }

  #lose(): void {
    this.#cancelWait();
    this.#disconnect();
    this.#step({ type: 'lost', reopenAfterMs: this.#backOff.failed() });
  }

  #disconnect(): void {
    const lost = this.#current;
    this.#current = undefined;
    this.#delivery.disconnected();
    lost?.drop();
    const settled = this.#inFlight.settle();
    if (settled !== undefined) this.#failed(settled.message);
  }

  /** Sends what may go out now. */
  #pump(): void {
    const current = this.#current;
    if (current === undefined || !canSend(this.#life)) return;
    while (this.#inFlight.isEmpty && this.#current === current) {
      const mayTake =
        this.#life.isEnding || this.#delivery.isReady(current.connection) || this.#outbox.isStartDue;
      const message = mayTake ? this.#outbox.next() : undefined;
      if (message === undefined) {
        if (mayTake && this.#life.state === 'draining') this.#step({ type: 'emptied' });
        return;
      }
      this.#stats.sent(message);
      const result = this.#delivery.send(message, current.connection);
      if (result === 'delivered') this.#stats.delivered(message);
      else if (result === 'inFlight' && this.#current === current) this.#inFlight.begin(message);
      else this.#failed(message);
    }
  }

  #settle(isAcked: boolean): void {
    if (isAcked) this.#current?.answered();
    const settled = this.#inFlight.settle();
    if (settled === undefined) return;
    const { message, tookMs, isRefused } = settled;
    if (!isAcked || isRefused) this.#failed(message);
    else {
      this.#backOff.succeeded();
      this.#stats.acked(message, tookMs);
      if (message.kind === 'event') this.#delivery.settled(message.event, true);
    }
    this.#pump();
  }

  #failed(message: OutboxMessage): void {
    this.#stats.failed(message);
    if (message.kind === 'audio') {
      this.#outbox.lost(message.ssrc);
      return;
    }
    this.#delivery.settled(message.event, false);
    if (message.event.type === 'call.started' && this.#current !== undefined)
      this.#step({ type: 'startFailed' });
  }

  #step(input: LaneInput): void {
    const { state } = this.#life;
    const { life, effects } = stepLane(this.#life, input);
    this.#life = life;
    if (life.state !== state) this.#options.onStateChange(life.state);
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: LaneEffect): void {
    const { clock } = this.#options;
    switch (effect.type) {
      case 'open':
        this.#open();
        break;
      case 'sendStart':
        this.#outbox.restart();
        break;
      case 'sendRest':
        this.#outbox.close();
        break;
      case 'sendEnd':
        if (this.#ended !== undefined) {
          this.#outbox.end(this.#ended);
          this.#delivery.queued?.(this.#ended);
        }
        break;
      case 'releaseConnection':
        this.#current?.connection.release?.();
        break;
      case 'wait':
        this.#cancelWait();
        this.#cancelWait = clock.after(effect.ms, () => this.#stepAndPump({ type: 'waited' }));
        break;
      case 'cancelWait':
        this.#cancelWait();
        break;
      case 'limit':
        this.#cancelLimit();
        this.#cancelLimit = afterSilence(clock, effect.ms, () => this.#stepAndPump({ type: 'timeUp' }));
        break;
      case 'startGivenUp':
        this.#options.onStartGivenUp();
        break;
      case 'finish':
        this.#finish();
        break;
    }
  }

  #stepAndPump(input: LaneInput): void {
    this.#step(input);
    this.#pump();
  }

  #finish(): void {
    this.#cancelLimit();
    this.#cancelWait();
    this.#inFlight.close();
    this.#disconnect();
    this.#delivery.close();
    this.#outbox.discard();
    this.#closed.resolve();
  }
}
