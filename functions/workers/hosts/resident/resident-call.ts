/**
 * One call of a resident worker. The handlers are those of a function worker and get one event after the other; the
 * call publishes their replies at once.
 *
 *     joining ──group joined──▶ hearing ──call.ended, silence, another replica, close()──▶ over
 *        └────────could not join───────────────────────────────────────────────────────────▶ over
 *
 * The worker's state stays here between events, in the form that travels with a function worker.
 */

import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../../shared/base/clock.ts';
import { kindOf } from '../../../../shared/base/errors.ts';
import { afterSilence } from '../../../../shared/base/own-pause.ts';
import { RareLines } from '../../../../shared/base/rare-lines.ts';
import type { Publish } from '../../../../shared/web-pubsub/group-publisher.ts';
import {
  nonceOfQuestion,
  PRESENCE_MS,
  parseResidentMessage,
  type ResidentMessage,
} from '../../../../shared/wire/lane/resident-messages.ts';
import { type LaneEvent, parseLaneEvent } from '../../../../shared/wire/lane/worker-messages.ts';
import { audioEvent, audioMsOf, parseEventText, type WorkerEvent } from '../../kit/lane-message.ts';
import { InterruptedError, PacketNumbers } from '../../kit/player.ts';
import { runEvent } from '../../kit/run-event.ts';
import type { Listen } from '../../kit/running-handler.ts';
import { LOST_EVENT_LINE_MS } from '../../kit/webhook.ts';
import type { Worker } from '../../kit/worker.ts';
import type { OpenResidentConnection, ResidentConnection } from './resident-connection.ts';
import { type LostMessages, WaitingMessages } from './waiting-messages.ts';

/** Types of events that end a handler early, or what it plays. */
const URGENT: ReadonlySet<unknown> = new Set<LaneEvent['type']>(['interrupted', 'refused', 'call.ended']);
/** How many of these events a handler gets when it begins to listen: the newest. Older ones add nothing to them. */
const MAX_URGENT = 4;
/** A call without a message for this long is over, even if no `call.ended` came. */
const SILENCE_LIMIT_MS = 60_000;

export type ResidentEnd = 'call ended' | 'silence' | 'another replica' | 'closed';

/** What was lost in a call. */
export interface ResidentLosses {
  /** It was dropped because the worker was too slow, or still waited for the worker when the call ended here. */
  readonly unheard: LostMessages;
  /** Replies that could not be published. */
  readonly unsaid: LostMessages;
  /** Events on which a handler failed. */
  readonly failed: number;
}

export interface ResidentCallOptions {
  readonly worker: Worker;
  readonly callId: string;
  /** The id of this replica. */
  readonly hostId: string;
  readonly clock: Clock;
  readonly open: OpenResidentConnection;
  /** Whether the worker may ask the control app at this address about its call. */
  readonly isControlApp: (url: string) => boolean;
  /**
   * A handler failed; its event is lost and nothing else. Of replies in a row that could not be published, the first
   * fails in this way. Told of the first of a kind, and then of one every `LOST_EVENT_LINE_MS` at most: a handler may
   * fail on every frame.
   * @param unlogged failures before this one that were not reported
   */
  readonly onFailed: (error: unknown, unlogged: number) => void;
  /** The worker is too slow: told at the first message that is dropped, and again once nothing waited in between. */
  readonly onDropped: (dropped: LostMessages) => void;
  readonly onOver: (end: ResidentEnd, losses: ResidentLosses) => void;
}

export class ResidentCall {
  readonly #options: ResidentCallOptions;
  readonly #connection: ResidentConnection;
  readonly #claim: { readonly host: string; readonly atMs: number };
  readonly #waiting: WaitingMessages;
  readonly #numbers = new PacketNumbers();
  #laneState: string | undefined;
  /** What was said to the handler that runs. */
  #urgent: LaneEvent[] = [];
  #onUrgent: ((event: LaneEvent) => void) | undefined;
  /** The last interruption: what was said in an earlier turn is not heard. */
  #interruption: Extract<LaneEvent, { type: 'interrupted' }> | undefined;
  #hasJoined = false;
  #joined: Promise<void> = Promise.resolve();
  /** A reply could not be published, and none has been since. */
  #isMute = false;
  #unsaid: LostMessages = { messages: 0, audioMs: 0 };
  readonly #failures: RareLines;
  #failed = 0;
  #isWorking = false;
  #isOver = false;
  #cancelSilence = (): void => {};
  #cancelPresence = (): void => {};

  constructor(options: ResidentCallOptions) {
    this.#options = options;
    this.#failures = new RareLines(LOST_EVENT_LINE_MS, () => options.clock.elapsedMs());
    this.#waiting = new WaitingMessages(options.onDropped);
    const { callId, worker, hostId } = options;
    this.#claim = { host: hostId, atMs: options.clock.nowMs() };
    this.#connection = options.open(
      { callId, worker: worker.name },
      { message: (message) => this.#heard(message) },
    );
  }

  /** Joins the call and hands `started` to the worker. If it cannot join, it rejects and is over. */
  join(started: WorkerEvent): Promise<void> {
    this.#joined = this.#join(started);
    return this.#joined;
  }

  /** Settles as `join` does. */
  get joined(): Promise<void> {
    return this.#joined;
  }

  async #join(started: WorkerEvent): Promise<void> {
    try {
      await this.#connection.start();
      await this.#connection.publish('up', said({ type: 'resident.joined', ...this.#claim }));
    } catch (error) {
      this.end('closed');
      throw error;
    }
    // Another replica may have taken the call while this one announced itself.
    if (this.#isOver) return;
    // Messages that came in the meantime wait behind it.
    this.#waiting.unshift({ read: () => started, kind: 'event', size: 0, audioMs: 0 });
    this.#hasJoined = true;
    this.#watch();
    this.#bePresent();
    this.#work();
  }

  /** Another stream of the call has begun: the worker hears of it and keeps its state. */
  goOn(started: WorkerEvent): void {
    if (this.#isOver) return;
    this.#watch();
    this.#bePresent();
    this.#queue({ read: () => started, kind: 'event', size: 0, audioMs: 0 });
  }

  /** Gives up a call that goes on, and tells the relay, which looks for another replica. */
  async leave(cause: ResidentEnd = 'closed'): Promise<void> {
    if (this.#isOver) return;
    await this.#connection
      .publish('down', said({ type: 'resident.left', host: this.#claim.host }))
      .catch(() => {});
    this.end(cause);
  }

  /** Idempotent; the first cause counts. */
  end(cause: ResidentEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelSilence();
    this.#cancelPresence();
    this.#waiting.clear();
    this.#connection.stop();
    // Nobody hears what a handler that still runs would say.
    this.#onUrgent?.({ type: 'call.ended', reason: cause });
    this.#options.onOver(cause, {
      unheard: this.#waiting.dropped,
      unsaid: this.#unsaid,
      failed: this.#failed,
    });
  }

  #heard(message: Uint8Array | string): void {
    if (this.#isOver) return;
    this.#watch();
    if (typeof message === 'string') this.#heardText(message);
    else {
      const audioMs = audioMsOf(message);
      this.#queue({ read: () => audioEvent(message), kind: 'audio', size: message.byteLength, audioMs });
    }
  }

  /** Parses the text once: for the claim of another replica, and for the worker. */
  #heardText(text: string): void {
    let value: unknown;
    try {
      value = parseEventText(text);
    } catch (error) {
      // It fails in its turn, like any event that is lost.
      const read = (): never => {
        throw error;
      };
      this.#queue({ read, kind: 'event', size: 0, audioMs: 0 });
      return;
    }
    if (takesOver(value, this.#claim)) {
      this.end('another replica');
      return;
    }
    const type = typeOf(value);
    // It says no more than that the relay is there, which every message says.
    if (type === 'relay.here') return;
    // Another stream of the call begins, and the relay asks which replica has the call.
    if (type === 'call.started') this.#bePresent(nonceOfQuestion(value));
    if (URGENT.has(type)) this.#heardUrgent(parseLaneEvent(value));
    this.#queue({
      read: () => withoutControl(parseLaneEvent(value)),
      kind: type === 'call.ended' ? 'end' : 'event',
      size: text.length,
      audioMs: 0,
    });
  }

  /** A handler that runs learns of it at once. The event itself comes in its turn. */
  #heardUrgent(event: LaneEvent | undefined): void {
    if (event === undefined) return;
    if (event.type === 'interrupted') this.#interruption = event;
    if (!this.#isWorking) return;
    this.#urgent.push(event);
    if (this.#urgent.length > MAX_URGENT) this.#urgent.shift();
    this.#onUrgent?.(event);
  }

  #queue(message: Parameters<WaitingMessages['push']>[0]): void {
    this.#waiting.push(message);
    this.#work();
  }

  #work(): void {
    if (!this.#hasJoined || this.#isWorking || this.#isOver) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#isWorking = true;
    void this.#handle(next).finally(() => {
      this.#isWorking = false;
      this.#work();
    });
  }

  async #handle({ read, kind }: NonNullable<ReturnType<WaitingMessages['shift']>>): Promise<void> {
    const { worker, callId, isControlApp } = this.#options;
    const publish: Publish = (_group, message) =>
      this.#connection.publish('down', message instanceof Uint8Array ? message : JSON.stringify(message));
    this.#urgent = [];
    const listen: Listen = (_, heard) => {
      this.#onUrgent = heard;
      for (const event of this.#urgent) heard(event);
      return () => {
        this.#onUrgent = undefined;
      };
    };
    // Each message comes once, since the client drops repetitions: its key need not be the same twice.
    const input = { callId, read, connectionState: this.#laneState, eventKey: randomUUID };
    const background = { numbers: this.#numbers, endOf: (turn: number) => this.#endOf(turn) };
    const response = await runEvent(worker, input, { publish, listen, background, isControlApp });
    this.#laneState = response.connectionState ?? this.#laneState;
    if (response.outcome === 'failed') {
      this.#failed += 1;
      this.#tellFailed(response.error);
    }
    const { message } = response;
    if (message !== undefined && !this.#isOver) {
      // No retry: by the time there is a connection again, this reply is too late.
      await this.#connection.publish('down', message.body).then(
        () => {
          this.#isMute = false;
        },
        (error: unknown) => this.#notSaid(message.body, error),
      );
    }
    if (kind === 'end') this.end('call ended');
  }

  /** A connection that is gone for half a minute would cost hundreds of lines of the log. */
  #notSaid(body: Uint8Array<ArrayBuffer> | string, error: unknown): void {
    const { messages, audioMs } = this.#unsaid;
    const ms = typeof body === 'string' ? 0 : Math.round(audioMsOf(body));
    this.#unsaid = { messages: messages + 1, audioMs: audioMs + ms };
    if (!this.#isMute) this.#tellFailed(error);
    this.#isMute = true;
  }

  #tellFailed(error: unknown): void {
    const unlogged = this.#failures.next(kindOf(error));
    if (unlogged !== undefined) this.#options.onFailed(error, unlogged);
  }

  /** Why nobody hears any more what a handler that has returned says in its turn. */
  #endOf(turn: number): InterruptedError | undefined {
    if (this.#isOver) return new InterruptedError();
    const interruption = this.#interruption;
    return interruption !== undefined && interruption.turn > turn
      ? new InterruptedError(interruption)
      : undefined;
  }

  /** Tells the relay at intervals that this replica has the call. `nonce`: of the question that this answers. */
  #bePresent(nonce?: string): void {
    if (this.#isOver) return;
    this.#cancelPresence();
    // If this one gets lost, the next follows soon.
    const here = said({
      type: 'resident.here',
      host: this.#claim.host,
      ...(nonce === undefined ? {} : { nonce }),
    });
    this.#connection.publish('down', here).catch(() => {});
    this.#cancelPresence = this.#options.clock.after(PRESENCE_MS, () => this.#bePresent());
  }

  #watch(): void {
    this.#cancelSilence();
    this.#cancelSilence = afterSilence(
      this.#options.clock,
      SILENCE_LIMIT_MS,
      () => void this.leave('silence'),
    );
  }
}

function said(message: ResidentMessage): string {
  return JSON.stringify(message);
}

/** Where and by which token the worker acts comes to the webhook only: anybody with the hub's key can publish here. */
function withoutControl(event: WorkerEvent | undefined): WorkerEvent | undefined {
  if (event?.type !== 'call.started') return event;
  const { control: _, ...rest } = event;
  return rest;
}

function typeOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
}

/**
 * Whether the message is a later claim of another replica than `mine`. Web PubSub delivers `call.started` at least
 * once, and again when the relay opens another lane; a load balancer may give each delivery to another replica. The
 * replica that joined last has the call, and the others leave. All replicas decide alike, also for equal times.
 * @param mine when this replica joined, by its own clock
 */
function takesOver(value: unknown, mine: { readonly host: string; readonly atMs: number }): boolean {
  const other = parseResidentMessage(value);
  if (other?.type !== 'resident.joined' || other.host === mine.host) return false;
  return other.atMs === mine.atMs ? other.host > mine.host : other.atMs > mine.atMs;
}
