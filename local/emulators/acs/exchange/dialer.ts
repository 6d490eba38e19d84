import type { Random } from '../../common/random.ts';
import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import { Call, type PlacedBy } from '../call/call.ts';
import type { CallEnvironment } from '../call/call-environment.ts';
import type { Connection } from '../call/connection.ts';
import type { Answer } from '../call/connection-parts.ts';
import { mediaRateHz } from '../call/connection-parts.ts';
import { type CallIds, newCallIds } from '../call/ids.ts';
import { calleeNotReached } from '../call/results.ts';
import { RefusedError, refusals } from '../http/refusal.ts';
import type { Room } from '../room/room.ts';
import { type CallLocation, Rooms } from '../room/rooms.ts';
import { identifierOf } from '../telephones/identifiers.ts';
import type { InvitationEnd } from '../telephones/invitation.ts';
import { Invitations, type Invite } from '../telephones/invitations.ts';
import type { Speaker } from '../telephones/phone-line.ts';
import type { CallRegistry } from './call-registry.ts';

/**
 * Calls that one number of the resource may have placed at the same time (service limits of Call Automation; the
 * default of the service).
 */
const OUTBOUND_CALLS_PER_NUMBER = 2;

export interface DialRequest extends PlacedBy {
  readonly source: IdentifierJson;
  readonly invites: readonly Invite[];
  readonly answer: Answer;
}

interface DialerOptions {
  readonly calls: CallRegistry;
  readonly environment: CallEnvironment;
  readonly onChange: (call: Call) => void;
}

/** Places the application's calls, and connects it to calls that go on. */
export class Dialer {
  readonly #options: DialerOptions;
  readonly #rooms: Rooms;
  /** Telephones that ring for callers whom the application has redirected. */
  readonly #redirected = new Set<Invitations>();
  #placed = 0;

  constructor(options: DialerOptions) {
    this.#options = options;
    this.#rooms = new Rooms(options.environment);
  }

  /**
   * Begins a call: every target's telephone rings from now on. The first who answers establishes the call; where all
   * fail it is CreateCallFailed, with the reason of the last.
   * @throws RefusedError 429 8516 when this number or the whole server has too many calls
   */
  place({ source, invites, answer, ...placed }: DialRequest): Call {
    const { sourceCallerIdNumber } = placed;
    this.#refuseTooMany(sourceCallerIdNumber);
    this.#learn(sourceCallerIdNumber);
    const to = placed.targets[0] ?? source;
    const call = this.#add(source, to, placed);
    const connection = call.open(answer, [{ identifier: source }]);
    let ringing = invites.length;
    const ended = (invite: Invite) => (end: InvitationEnd) => {
      ringing--;
      if (end.type === 'answered') {
        const { phone, line } = end;
        const first = connection.participants.onThePhone.length === 0;
        connection.telephones.admit({ identifier: invite.identifier, phone, line });
        if (first && connection.state === 'connecting') connection.begin();
        return;
      }
      const resultInformation = calleeNotReached(invite.identifier, end.type);
      if (ringing > 0 || connection.participants.onThePhone.length > 0) {
        connection.emit(
          'AddParticipantFailed',
          { resultInformation, participant: invite.identifier },
          answer,
        );
      } else {
        connection.fail('CreateCallFailed', resultInformation);
      }
    };
    for (const invite of invites) connection.invitations.invite(invite, ended(invite));
    this.#options.onChange(call);
    return call;
  }

  /**
   * The application connects to a call that goes on: one that it, or another application, is on already; people who
   * talk without it; a group or room of the service, which begins with the first who connects.
   * @throws RefusedError 404 8522 where there is no such call, 400 8501 where it is not established yet
   */
  connect(location: CallLocation, ownUserId: string, answer: Answer): Call {
    const room = this.#roomOf(location, mediaRateHz(answer.media));
    const source = this.#identityIn(room, ownUserId);
    const call = this.#add(
      source,
      room.telephones[0] ?? source,
      { targets: room.telephones },
      room.serverCallId,
    );
    const connection = call.open(answer, [{ identifier: source }]);
    connection.telephones.join(room);
    connection.begin();
    this.#options.onChange(call);
    return call;
  }

  /** The latest connection to this call. */
  find(location: CallLocation): Connection | undefined {
    const serverCallId =
      location.kind === 'serverCallLocator' ? location.id : this.#rooms.find(location)?.serverCallId;
    return serverCallId === undefined
      ? undefined
      : this.#options.calls.findByServerCallId(serverCallId)?.connection;
  }

  /** The application leaves; two or more others go on talking. @throws RefusedError 404 8522 when the call has ended */
  leave(call: Call, connection: Connection): void {
    const { participants, telephones, sampleRateHz } = connection;
    if (
      connection.state === 'connected' &&
      participants.onThePhone.length > 1 &&
      telephones.room === undefined
    ) {
      telephones.share(this.#rooms.open(call.ids.serverCallId, sampleRateHz));
    }
    call.hangUpByApplication();
  }

  /**
   * The caller of a redirected call rings elsewhere: they talk when it is answered, and the caller hears of it when it
   * is not.
   */
  redirect(call: Call, invite: Invite): void {
    const caller = call.redirect();
    const { environment } = this.#options;
    const invitations = new Invitations({
      callees: environment.callees,
      clock: environment.clock,
      random: environment.random.branch(`redirect ${call.ids.callConnectionId}`),
      call: call.ids,
    });
    this.#redirected.add(invitations);
    caller.line.host = {
      participantHangsUp: () => {
        invitations.drop();
        this.#redirected.delete(invitations);
        caller.phone.ended('abandonedByCaller');
      },
      participantPressesKey: () => false,
      participantSays: () => false,
    };
    invitations.invite(invite, (end) => {
      this.#redirected.delete(invitations);
      if (end.type !== 'answered') caller.phone.ended(end.type);
      else {
        caller.phone.answered?.();
        this.#talk(call.ids.serverCallId, mediaRateHz(undefined), [
          caller,
          { ...end, identifier: invite.identifier },
        ]);
      }
    });
  }

  /**
   * Lets people whom the connection's application has brought together talk without it. `inItsPlace`: under the id of
   * the call, which is over for the application; else the call goes on without them, and nobody can connect to theirs.
   */
  converse(connection: Connection, inItsPlace: boolean, speakers: readonly Speaker[]): void {
    const { serverCallId, sampleRateHz } = connection;
    this.#talk(inItsPlace ? serverCallId : this.#newIds().serverCallId, sampleRateHz, speakers);
  }

  /** Everybody hangs up, when the process ends. Idempotent. */
  close(): void {
    for (const invitations of this.#redirected) invitations.drop();
    this.#redirected.clear();
    this.#rooms.close();
  }

  #talk(serverCallId: string, sampleRateHz: number, speakers: readonly Speaker[]): void {
    const room = this.#rooms.open(serverCallId, sampleRateHz);
    for (const speaker of speakers) room.join(speaker);
  }

  #roomOf(location: CallLocation, sampleRateHz: number): Room {
    const room = this.#rooms.find(location);
    if (room !== undefined) return room;
    if (location.kind !== 'serverCallLocator')
      return this.#rooms.open(this.#newIds().serverCallId, sampleRateHz, location);
    const call = this.#options.calls.findByServerCallId(location.id);
    if (call === undefined || call.endedAtMs !== undefined) throw new RefusedError(refusals.callNotFound());
    const { connection } = call;
    if (connection === undefined) throw new RefusedError(refusals.notEstablished());
    connection.requireEstablished();
    const shared = this.#rooms.open(location.id, connection.sampleRateHz);
    connection.telephones.share(shared);
    return shared;
  }

  /** The application as itself, or, where it is there already, as another user of its resource. */
  #identityIn(room: Room, ownUserId: string): IdentifierJson {
    const another = `${ownUserId.slice(0, ownUserId.lastIndexOf('_'))}_${this.#random().uuid()}`;
    const identifier = identifierOf(room.includes(ownUserId) ? another : ownUserId);
    if (identifier === undefined) throw new Error('the identity of the application is no identifier');
    return identifier;
  }

  #random(): Random {
    return this.#options.environment.random.branch(`placed call ${++this.#placed}`);
  }

  #newIds(): CallIds {
    return newCallIds(this.#random(), this.#options.environment.clock.now());
  }

  #add(from: IdentifierJson, to: IdentifierJson, placed: PlacedBy, serverCallId?: string): Call {
    const { calls, environment, onChange } = this.#options;
    const ids = this.#newIds();
    const call = new Call(
      serverCallId === undefined ? ids : { ...ids, serverCallId },
      { from, to, placed },
      environment,
      onChange,
    );
    if (calls.add(call, undefined)) return call;
    call.close();
    throw new RefusedError(refusals.tooManyCalls());
  }

  /** The application shows numbers of its own only. */
  #learn(number: string | undefined): void {
    const identifier = number === undefined ? undefined : identifierOf(number);
    if (identifier !== undefined) this.#options.environment.resource.learn(identifier);
  }

  #refuseTooMany(number: string | undefined): void {
    if (number === undefined) return;
    const going = this.#options.calls
      .all()
      .filter((call) => call.endedAtMs === undefined && call.placed?.sourceCallerIdNumber === number);
    if (going.length >= OUTBOUND_CALLS_PER_NUMBER) throw new RefusedError(refusals.tooManyCalls());
  }
}
