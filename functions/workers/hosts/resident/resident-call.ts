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
import type { Publish } from '../../../../shared/web-pubsub/group-publisher.ts';
import {
  nonceOfQuestion,
  PRESENCE_MS,
  type ResidentMessage,
} from '../../../../shared/wire/lane/resident-messages.ts';
import { type LaneEvent, parseLaneEvent } from '../../../../shared/wire/lane/worker-messages.ts';
import { audioEvent, parseEventText, type WorkerEvent } from '../../kit/lane-message.ts';
import { runEvent } from '../../kit/run-event.ts';
import type { Listen } from '../../kit/running-handler.ts';
import type { Worker } from '../../kit/worker.ts';
import { takesOver } from './claim.ts';
import type { OpenResidentConnection, ResidentConnection } from './resident-connection.ts';

/**
 * Messages that may wait for the worker: 3 s of audio. One more, and the oldest audio is dropped, since an event that
 * is lost, such as a key or `marked`, does not come again.
 */
const MAX_WAITING_MESSAGES = 50;
/** Types of events that end a handler early, or what it plays. */
const URGENT: ReadonlySet<unknown> = new Set<LaneEvent['type']>(['interrupted', 'refused', 'call.ended']);
/** How many of these events a handler gets when it begins to listen: the newest. Older ones add nothing to them. */
const MAX_URGENT = 4;
/** A call without a message for this long is over, even if no `call.ended` came. */
const SILENCE_LIMIT_MS = 60_000;

export type ResidentEnd = 'call ended' | 'silence' | 'another replica' | 'closed';

export interface ResidentCallOptions {
  readonly worker: Worker;
  readonly callId: string;
  /** The id of this replica. */
  readonly hostId: string;
  readonly clock: Clock;
  readonly open: OpenResidentConnection;
  /** A handler failed; its event is lost and nothing else. */
  readonly onFailed: (error: unknown) => void;
  readonly onOver: (end: ResidentEnd) => void;
}

interface Waiting {
  readonly read: () => WorkerEvent | undefined;
  readonly kind: 'audio' | 'event' | 'end';
}

export class ResidentCall {
  readonly #options: ResidentCallOptions;
  readonly #connection: ResidentConnection;
  readonly #claim: { readonly host: string; readonly atMs: number };
  readonly #waiting: Waiting[] = [];
  #laneState: string | undefined;
  /** What was said to the handler that runs. */
  #urgent: LaneEvent[] = [];
  #onUrgent: ((event: LaneEvent) => void) | undefined;
  #hasJoined = false;
  #isWorking = false;
  #isOver = false;
  #dropped = 0;
  #cancelSilence = (): void => {};
  #cancelPresence = (): void => {};

  constructor(options: ResidentCallOptions) {
    this.#options = options;
    const { callId, worker, hostId } = options;
    this.#claim = { host: hostId, atMs: options.clock.nowMs() };
    this.#connection = options.open(
      { callId, worker: worker.name },
      { message: (message) => this.#heard(message) },
    );
  }

  /** Messages dropped because the worker was too slow. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Joins the call and hands `started` to the worker. If it cannot join, it rejects and is over. */
  async join(started: WorkerEvent): Promise<void> {
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
    this.#waiting.unshift({ read: () => started, kind: 'event' });
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
    this.#queue(() => started);
  }

  /** Gives up a call that goes on, and tells the relay, which looks for another replica. */
  async leave(): Promise<void> {
    if (this.#isOver) return;
    await this.#connection
      .publish('down', said({ type: 'resident.left', host: this.#claim.host }))
      .catch(() => {});
    this.end('closed');
  }

  /** Idempotent; the first cause counts. */
  end(cause: ResidentEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelSilence();
    this.#cancelPresence();
    this.#waiting.length = 0;
    this.#connection.stop();
    // Nobody hears what a handler that still runs would say.
    this.#onUrgent?.({ type: 'call.ended', reason: cause });
    this.#options.onOver(cause);
  }

  #heard(message: Uint8Array | string): void {
    if (this.#isOver) return;
    this.#watch();
    if (typeof message === 'string') this.#heardText(message);
    else this.#queue(() => audioEvent(message), 'audio');
  }

  /** Parses the text once: for the claim of another replica, and for the worker. */
  #heardText(text: string): void {
    let value: unknown;
    try {
      value = parseEventText(text);
    } catch (error) {
      // It fails in its turn, like any event that is lost.
      this.#queue(() => {
        throw error;
      });
      return;
    }
    if (takesOver(value, this.#claim)) {
      this.end('another replica');
      return;
    }
    const type = typeOf(value);
    // Another stream of the call begins, and the relay asks which replica has the call.
    if (type === 'call.started') this.#bePresent(nonceOfQuestion(value));
    if (this.#isWorking && URGENT.has(type)) this.#tellHandler(parseLaneEvent(value));
    this.#queue(() => withoutControl(parseLaneEvent(value)), type === 'call.ended' ? 'end' : 'event');
  }

  /** A handler that runs learns of it at once. The event itself comes in its turn. */
  #tellHandler(event: LaneEvent | undefined): void {
    if (event === undefined) return;
    this.#urgent.push(event);
    if (this.#urgent.length > MAX_URGENT) this.#urgent.shift();
    this.#onUrgent?.(event);
  }

  #queue(read: Waiting['read'], kind: Waiting['kind'] = 'event'): void {
    this.#waiting.push({ read, kind });
    if (this.#waiting.length > MAX_WAITING_MESSAGES) {
      const oldestAudio = this.#waiting.findIndex((each) => each.kind === 'audio');
      this.#waiting.splice(Math.max(0, oldestAudio), 1);
      this.#dropped += 1;
    }
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

  async #handle({ read, kind }: Waiting): Promise<void> {
    const { worker, callId, onFailed } = this.#options;
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
    const response = await runEvent(worker, input, { publish, listen });
    this.#laneState = response.connectionState ?? this.#laneState;
    if (response.outcome === 'failed') onFailed(response.error);
    const { message } = response;
    if (message !== undefined && !this.#isOver) {
      // No retry: by the time there is a connection again, this reply is too late.
      await this.#connection.publish('down', message.body).catch(onFailed);
    }
    if (kind === 'end') this.end('call ended');
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
    this.#cancelSilence = this.#options.clock.after(SILENCE_LIMIT_MS, () => this.end('silence'));
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
