import type { Phone } from '../../../phone/phone.ts';
import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import type { AttemptResult } from '../../event-grid/retry-policy.ts';
import type { ReplyTo } from '../events/callback-event.ts';
import { RefusedError, refusals } from '../http/refusal.ts';
import type { MediaStreamReport } from '../media/port.ts';
import { identifierOf, phoneNumberOf } from '../telephones/identifiers.ts';
import { MeteredPhone, NO_PHONE_METER, type PhoneMeter } from '../telephones/metered-phone.ts';
import type { Farewell, Speaker } from '../telephones/phone-line.ts';
import { PhoneLine } from '../telephones/phone-line.ts';
import type { CallEnvironment } from './call-environment.ts';
import { Connection, type ConnectionParties, type HangUpCause } from './connection.ts';
import type { CallConnectionState } from './connection-machine.ts';
import type { Answer } from './connection-parts.ts';
import type { CallIds } from './ids.ts';
import { NO_LONGER_THERE } from './results.ts';
import { type RingState, stepRing } from './ring.ts';

/** Events of one call that are remembered; a call that has more keeps the newest. */
const MAX_EVENTS = 256;

type CallState = 'ringing' | CallConnectionState;

export type CallOutcome =
  | 'hungUpByCaller'
  | 'hungUpByApplication'
  | 'rejected'
  | 'notAnswered'
  | 'abandonedByCaller'
  /** The last telephone of a call that the application placed was put down. */
  | 'hungUpByCallee'
  /** Nobody whom the application called was reached. */
  | 'notReached'
  | 'redirected'
  | 'transferred'
  /** Everybody was moved to another call. */
  | 'moved';

/** How the delivery of an event goes; changes until the delivery has ended. */
export interface EventDelivery {
  attempts: number;
  /** Of the last attempt; undefined before the first has ended. */
  result: AttemptResult | undefined;
}

interface RecordedEvent {
  readonly type: string;
  /** When it was first sent. */
  readonly atMs: number;
  readonly delivery: Readonly<EventDelivery>;
}

interface CallParties {
  readonly from: IdentifierJson;
  readonly to: IdentifierJson;
  /** The caller's telephone; absent where the application itself calls. */
  readonly phone?: Phone;
  readonly placed?: PlacedBy;
  /** Whether it is a part of a call that the application has placed to itself. */
  readonly joins?: boolean;
}

/** What the application said about a call that it placed. */
export interface PlacedBy {
  readonly targets: readonly IdentifierJson[];
  readonly sourceCallerIdNumber?: string | undefined;
  readonly sourceDisplayName?: string | undefined;
}

export interface AnswerCounts {
  readonly accepted: number;
  readonly refused: number;
  /** Repeated requests that were given the first result again. */
  readonly replayed: number;
}

/**
 * One call to its end: one that rings and is answered, or one that the application places. It has at most one
 * connection, since its context can be used once.
 */
export class Call {
  readonly ids: CallIds;
  readonly from: IdentifierJson;
  readonly to: IdentifierJson;
  readonly ringingAtMs: number;
  /** Absent where the call rang for the application. */
  readonly placed: PlacedBy | undefined;
  /** Whether it is a part of a call that the application has placed to itself. */
  readonly joins: boolean;
  /** Of the caller's telephone, or of the first that was reached. */
  #line: PhoneLine;
  readonly #environment: CallEnvironment;
  readonly #onChange: (call: Call) => void;
  readonly #events: RecordedEvent[] = [];
  readonly #cancelRinging: () => void;
  #ring: RingState;
  /** The caller's telephone, or the first that was reached. */
  #phone: MeteredPhone | undefined;
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
    this.placed = parties.placed;
    this.joins = parties.joins === true;
    this.#line = new PhoneLine(parties.from.rawId);
    this.#environment = environment;
    this.#onChange = onChange;
    this.ringingAtMs = environment.clock.now();
    if (parties.phone === undefined) {
      this.#ring = 'answered';
      this.#cancelRinging = () => {};
      return;
    }
    this.#ring = 'ringing';
    this.#phone = new MeteredPhone(parties.phone, environment.clock);
    this.#cancelRinging = environment.clock.after(environment.behaviour.ringMs, () => {
      this.#ring = stepRing(this.#ring, 'ringTimeOver').state;
      if (this.#ring === 'notAnswered') this.#end('notAnswered');
    });
  }

  get line(): PhoneLine {
    return this.#line;
  }

  get meter(): PhoneMeter {
    return this.#phone ?? NO_PHONE_METER;
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

  /**
   * An answer to a call that was redirected has been seen to succeed in the service; here AnswerFailed follows it.
   * @throws RefusedError when the context was used before (400) or the call no longer rings (404)
   */
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
    const caller = { identifier: this.from, line: this.#line };
    const own = { identifier: this.#ownIdentity(answer) };
    if (state === 'redirected') {
      const connection = this.open(answer, [caller, own]);
      this.#environment.clock.after(this.#environment.behaviour.connectDelayMs, () =>
        connection.fail('AnswerFailed', NO_LONGER_THERE),
      );
      return connection;
    }
    const phone = this.#phone;
    phone?.answered();
    const seated = phone === undefined ? caller : { ...caller, phone };
    const connection = this.open(answer, [seated, own]);
    connection.begin();
    this.#onChange(this);
    return connection;
  }

  /** Whom the call reaches: a number of the resource is answered by a user of it. */
  get reaches(): IdentifierJson {
    return phoneNumberOf(this.to) === undefined ? this.to : this.#environment.resource.self;
  }

  /** Who the application is on a call that it has answered. */
  #ownIdentity({ answeredBy }: Answer): IdentifierJson {
    const named =
      phoneNumberOf(this.to) === undefined ? undefined : answeredBy && identifierOf(answeredBy.id);
    return named ?? this.reaches;
  }

  /** Makes the connection with these people on it; `begin` connects it. */
  open(answer: Answer, participants: ConnectionParties['participants']): Connection {
    const { callConnectionId, serverCallId, correlationId } = this.ids;
    this.#connection = new Connection(
      answer,
      { callConnectionId, serverCallId, correlationId, participants },
      this.#environment,
      {
        changed: () => this.#onChange(this),
        sent: (event) => this.#remember({ type: event.type, atMs: event.firstSentMs, delivery: event }),
        disconnecting: (cause) => {
          const outcome = this.#outcomeOf(cause);
          this.#end(outcome, cause === 'left' ? cause : outcome);
        },
        answered: (speaker) => this.#meterFirst(speaker),
      },
    );
    return this.#connection;
  }

  /** `busy`: what the caller is told. @throws RefusedError as `accept` */
  reject(busy = false): void {
    const { state, refusal } = stepRing(this.#ring, 'reject');
    if (refusal !== undefined) throw new RefusedError(refusal);
    this.#ring = state;
    if (state === 'rejected') this.#end('rejected', busy ? 'busy' : 'rejected');
  }

  /** Sends the call on. @returns the caller, whose telephone rings elsewhere now @throws RefusedError as `accept` */
  redirect(): Speaker {
    const { state, refusal } = stepRing(this.#ring, 'redirect');
    if (refusal !== undefined) throw new RefusedError(refusal);
    const phone = this.#phone;
    if (phone === undefined) throw new RefusedError(refusals.callNotFound());
    this.#ring = state;
    this.#end('redirected');
    return { identifier: this.from, phone, line: this.#line };
  }

  startMedia(operation: ReplyTo): void {
    this.#refuseIf(this.#connection?.startMedia(operation));
  }

  stopMedia(operation: ReplyTo): void {
    this.#refuseIf(this.#connection?.stopMedia(operation));
  }

  /**
   * The application leaves the call, and ends it if nobody else is on it.
   * @throws RefusedError 404 when the call has ended
   */
  hangUpByApplication(): void {
    this.#refuseIf(this.#connection?.hangUp('left'));
  }

  /** The application ends the call for everybody. @throws RefusedError 404 when the call has ended */
  terminate(): void {
    const connection = this.#connection;
    const over = connection?.state === 'disconnecting' || connection?.state === 'disconnected';
    this.#refuseIf(over ? refusals.callNotFound() : undefined);
    connection?.telephones.endForAll('application');
  }

  /**
   * The caller hangs up, ringing or connected, here or wherever the call has gone since. On a call that the application
   * placed, the first callee who answered hangs up. Idempotent.
   */
  hangUpByCaller(how?: Farewell): void {
    if (this.#ring === 'ringing') {
      this.#ring = stepRing(this.#ring, 'callerHangsUp').state;
      this.#end('abandonedByCaller');
      return;
    }
    this.#line.hangUp(how);
  }

  countReplayedAnswer(): void {
    this.#answers.replayed++;
  }

  /** Event Grid sends an event now. The sender keeps the returned record of its delivery up to date. */
  recordEvent(type: string): EventDelivery {
    const delivery: EventDelivery = { attempts: 0, result: undefined };
    this.#remember({ type, atMs: this.#environment.clock.now(), delivery });
    return delivery;
  }

  /** Drops everything without events, when the process ends. Idempotent. */
  close(): void {
    this.#cancelRinging();
    this.#connection?.close();
  }

  #refuseIf(refusal: RefusedError['refusal'] | undefined): void {
    if (refusal !== undefined) throw new RefusedError(refusal);
  }

  #outcomeOf(cause: HangUpCause): CallOutcome {
    switch (cause) {
      case 'application':
      case 'left':
      case 'removed':
        return 'hungUpByApplication';
      case 'participant':
        return this.placed === undefined ? 'hungUpByCaller' : 'hungUpByCallee';
      case 'notReached':
      case 'transferred':
      case 'moved':
        return cause;
    }
  }

  /** The first who answers a call of the application is to it what the caller is to a call that rings. */
  #meterFirst({ phone, line }: Speaker): Phone {
    if (this.#phone !== undefined) return phone;
    this.#line = line;
    this.#phone = new MeteredPhone(phone, this.#environment.clock);
    this.#answeredAtMs = this.#environment.clock.now();
    return this.#phone;
  }

  #remember(event: RecordedEvent): void {
    this.#events.push(event);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  #end(outcome: CallOutcome, reason: string = outcome): void {
    if (this.#endedAtMs !== undefined) return;
    this.#cancelRinging();
    this.#outcome = outcome;
    this.#endedAtMs = this.#environment.clock.now();
    if (this.#connection !== undefined) this.#connection.participants.end(reason);
    else if (outcome !== 'redirected') this.#phone?.ended(reason);
    this.#onChange(this);
  }
}
