import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import { CALLEE_NOT_REACHED } from '../events/results.ts';
import { RefusedError, refusals } from '../refusal.ts';
import type { Answer } from './answer.ts';
import { Call, type PlacedBy } from './call.ts';
import type { CallEnvironment } from './call-environment.ts';
import type { CallRegistry } from './call-registry.ts';
import type { Connection } from './connection.ts';
import { Conversation, type Speaker } from './conversation.ts';
import { newCallIds } from './ids.ts';
import type { InvitationEnd } from './invitation.ts';
import { Invitations, type Invite } from './invitations.ts';

/** Calls that one number of the resource may have placed at the same time (service limits of Call Automation; the default of the service). */
export const OUTBOUND_CALLS_PER_NUMBER = 2;

export interface PlaceRequest extends PlacedBy {
  /** The identity that calls. */
  readonly source: IdentifierJson;
  readonly invites: readonly Invite[];
  readonly answer: Answer;
}

export interface DialerOptions {
  readonly calls: CallRegistry;
  readonly environment: CallEnvironment;
  readonly onChange: (call: Call) => void;
}

/** Places the application's calls, and joins it to conversations that go on without it. */
export class Dialer {
  readonly #options: DialerOptions;
  readonly #conversations = new Map<string, Conversation>();
  /** Telephones that ring for callers whom the application has redirected. */
  readonly #redirected = new Set<Invitations>();
  #placed = 0;

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  /**
   * Begins a call: every target's telephone rings from now on. The first who answers establishes the call; where all fail it is
   * CreateCallFailed, with the reason of the last.
   * @throws RefusedError 429 8516 when this number or the whole server has too many calls
   */
  place({ source, invites, answer, ...placed }: PlaceRequest): Call {
    this.#refuseTooMany(placed.sourceCallerIdNumber);
    const to = placed.targets[0] ?? source;
    const call = this.#add(source, to, placed);
    const connection = call.open(answer, [{ identifier: source }]);
    let ringing = invites.length;
    const ended = (invite: Invite) => (end: InvitationEnd) => {
      ringing--;
      if (end.type === 'answered') {
        const { phone, line } = end;
        const first = connection.participants.onThePhone.length === 0;
        connection.admit({ identifier: invite.identifier, phone, line });
        if (first && connection.state === 'connecting') connection.begin();
        return;
      }
      const resultInformation = CALLEE_NOT_REACHED[end.type];
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
   * The application joins people who talk without it, as a new connection of the same call.
   * @throws RefusedError 404 8522 where there is no such conversation
   */
  join(serverCallId: string, source: IdentifierJson, answer: Answer): Call {
    const conversation = this.#conversations.get(serverCallId);
    const speakers = conversation?.take() ?? [];
    const [first] = speakers;
    if (first === undefined) throw new RefusedError(refusals.callNotFound());
    const targets = speakers.map(({ identifier }) => identifier);
    const call = this.#add(source, first.identifier, { targets }, serverCallId);
    const connection = call.open(answer, [{ identifier: source }]);
    for (const speaker of speakers) connection.admit(speaker);
    connection.begin();
    this.#options.onChange(call);
    return call;
  }

  /** The application leaves; two or more others go on talking. @throws RefusedError 404 8522 when the call has ended */
  leave(call: Call, connection: Connection): void {
    if (connection.state === 'connected' && connection.participants.onThePhone.length > 1) {
      const speakers = connection.participants.onThePhone.flatMap(
        (rawId) => connection.participants.takeSilently(rawId) ?? [],
      );
      this.converse(call.ids.serverCallId, speakers);
    }
    call.hangUpByApplication();
  }

  /** The caller of a redirected call rings elsewhere: they talk when it is answered, and the caller hears of it when it is not. */
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
    };
    invitations.invite(invite, (end) => {
      this.#redirected.delete(invitations);
      if (end.type !== 'answered') caller.phone.ended(end.type);
      else this.converse(call.ids.serverCallId, [caller, { ...end, identifier: invite.identifier }]);
    });
  }

  /** Lets people talk without the application, under the id of the call that brought them together. */
  converse(serverCallId: string, speakers: readonly Speaker[]): void {
    this.#conversations.get(serverCallId)?.close();
    const conversation = new Conversation(speakers, this.#options.environment.clock, () => {
      if (this.#conversations.get(serverCallId) === conversation) this.#conversations.delete(serverCallId);
    });
    this.#conversations.set(serverCallId, conversation);
  }

  /** Everybody hangs up; for the end of the process. Idempotent. */
  close(): void {
    for (const invitations of this.#redirected) invitations.drop();
    this.#redirected.clear();
    for (const conversation of [...this.#conversations.values()]) conversation.close();
  }

  #add(from: IdentifierJson, to: IdentifierJson, placed: PlacedBy, serverCallId?: string): Call {
    const { calls, environment, onChange } = this.#options;
    const random = environment.random.branch(`placed call ${++this.#placed}`);
    const ids = newCallIds(random, environment.clock.now());
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

  #refuseTooMany(number: string | undefined): void {
    if (number === undefined) return;
    const going = this.#options.calls
      .all()
      .filter((call) => call.endedAtMs === undefined && call.placed?.sourceCallerIdNumber === number);
    if (going.length >= OUTBOUND_CALLS_PER_NUMBER) throw new RefusedError(refusals.tooManyCalls());
  }
}
