import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import type { Phone } from '../../phone/phone.ts';
import type { SentEvent } from '../events/callback-outbox.ts';
import type { MediaStreamReport } from '../media/port.ts';
import { RefusedError } from '../refusal.ts';
import { type Answer, type CallEnvironment, Connection } from './connection.ts';
import type { CallConnectionState, ReplyTo } from './connection-machine.ts';
import type { CallIds } from './ids.ts';
import { MeteredPhone, type PhoneMeter } from './metered-phone.ts';
import { type RingState, stepRing } from './ring.ts';

/** Events of one call that are remembered; a call that has more keeps the newest. */
const MAX_EVENTS = 256;

export type CallState = 'ringing' | CallConnectionState;

export type CallOutcome =
  | 'hungUpByCaller'
  | 'hungUpByApplication'
  | 'rejected'
  | 'notAnswered'
  | 'abandonedByCaller';

export interface RecordedEvent {
  readonly type: string;
  readonly atMs: number;
  readonly callback?: SentEvent;
}

export interface CallParties {
  readonly from: IdentifierJson;
  readonly to: IdentifierJson;
  /** The caller's telephone. */
  readonly phone: Phone;
}

export interface AnswerCounts {
  readonly accepted: number;
  readonly refused: number;
  /** Repeated requests that were given the first result again. */
  readonly replayed: number;
}

/** One call from ringing to its end. It has at most one connection, since its context can be used once. */
export class Call {
  readonly ids: CallIds;
  readonly from: IdentifierJson;
  readonly to: IdentifierJson;
  readonly ringingAtMs: number;
  readonly meter: PhoneMeter;
  readonly #phone: MeteredPhone;
  readonly #environment: CallEnvironment;
  readonly #onChange: (call: Call) => void;
  readonly #events: RecordedEvent[] = [];
  readonly #cancelRinging: () => void;
  #ring: RingState = 'ringing';
  #connection: Connection | undefined;
  #answers = { accepted: 0, refused: 0, replayed: 0 };
  #answeredAtMs: number | undefined;
  #endedAtMs: number | undefined;
  #outcome: CallOutcome | undefined;

  constructor(
    ids: CallIds,
    parties: CallParties,
    environment: CallEnvironment,
    onChange: (call: Call) => void,
  ) {
    this.ids = ids;
    this.from = parties.from;
    this.to = parties.to;
    this.#phone = new MeteredPhone(parties.phone, environment.clock);
    this.meter = this.#phone;
    this.#environment = environment;
    this.#onChange = onChange;
    this.ringingAtMs = environment.clock.now();
    this.#cancelRinging = environment.clock.after(environment.behaviour.ringMs, () => {
      this.#ring = stepRing(this.#ring, 'ringTimeOver').state;
      if (this.#ring === 'notAnswered') this.#end('notAnswered');
    });
  }

  get state(): CallState {
    if (this.#connection !== undefined) return this.#connection.state;
    return this.#ring === 'ringing' ? 'ringing' : 'disconnected';
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  get answers(): AnswerCounts {
    return this.#answers;
  }

  get answeredAtMs(): number | undefined {
    return this.#answeredAtMs;
  }

  get endedAtMs(): number | undefined {
    return this.#endedAtMs;
  }

  get outcome(): CallOutcome | undefined {
    return this.#outcome;
  }

  get events(): readonly RecordedEvent[] {
    return this.#events;
  }

  streamReports(): readonly MediaStreamReport[] {
    return this.#connection?.streamReports() ?? [];
  }

  /** @throws RefusedError when the context was used before (400) or the call no longer rings (404) */
  accept(answer: Answer): Connection {
    const { state, refusal } = stepRing(this.#ring, 'answer');
    if (refusal !== undefined) {
      this.#answers.refused++;
      throw new RefusedError(refusal);
    }
    this.#ring = state;
    this.#cancelRinging();
    this.#answers.accepted++;
    this.#answeredAtMs = this.#environment.clock.now();
    const { callConnectionId, serverCallId, correlationId } = this.ids;
    const participants = [{ identifier: this.from, phone: this.#phone }, { identifier: this.to }];
    this.#connection = new Connection(
      answer,
      { callConnectionId, serverCallId, correlationId, participants },
      this.#environment,
      {
        changed: () => this.#onChange(this),
        sent: (event) => this.#remember({ type: event.type, atMs: event.firstSentMs, callback: event }),
        disconnecting: () => this.#end(this.#outcome ?? 'hungUpByApplication'),
      },
    );
    this.#connection.begin();
    this.#onChange(this);
    return this.#connection;
  }

  /** @throws RefusedError as `accept` */
  reject(): void {
    const { state, refusal } = stepRing(this.#ring, 'reject');
    if (refusal !== undefined) throw new RefusedError(refusal);
    this.#ring = state;
    this.#end('rejected');
  }

  startMedia(operation: ReplyTo): void {
    this.#refuseIf(this.#connection?.startMedia(operation));
  }

  stopMedia(operation: ReplyTo): void {
    this.#refuseIf(this.#connection?.stopMedia(operation));
  }

  /** The application hangs up. @throws RefusedError 404 when the call has ended */
  hangUpByApplication(): void {
    this.#refuseIf(this.#connection?.hangUp());
  }

  /** The caller hangs up, ringing or connected. Idempotent. */
  hangUpByCaller(): void {
    if (this.#endedAtMs !== undefined) return;
    if (this.#connection === undefined) {
      this.#ring = stepRing(this.#ring, 'callerHangsUp').state;
      this.#end('abandonedByCaller');
      return;
    }
    this.#outcome = 'hungUpByCaller';
    this.#connection.hangUp();
  }

  countReplayedAnswer(): void {
    this.#answers.replayed++;
  }

  recordEvent(type: string): void {
    this.#remember({ type, atMs: this.#environment.clock.now() });
  }

  /** Lets go of everything without telling anybody; for the end of the process. Idempotent. */
  close(): void {
    this.#cancelRinging();
    this.#connection?.close();
  }

  #refuseIf(refusal: RefusedError['refusal'] | undefined): void {
    if (refusal !== undefined) throw new RefusedError(refusal);
  }

  #remember(event: RecordedEvent): void {
    this.#events.push(event);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  #end(outcome: CallOutcome): void {
    if (this.#endedAtMs !== undefined) return;
    this.#cancelRinging();
    this.#outcome = outcome;
    this.#endedAtMs = this.#environment.clock.now();
    this.#phone.ended(outcome);
    this.#connection?.participants.end(outcome);
    this.#onChange(this);
  }
}
