import { SteadyRatePhone } from '../../../phone/steady-rate-phone.ts';
import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import type { Connection } from '../call/connection.ts';
import { calleeNotReached, NO_LONGER_THERE } from '../call/results.ts';
import type { ReplyTo } from '../events/callback-event.ts';
import { invalid } from '../http/fields.ts';
import { RefusedError, refusals } from '../http/refusal.ts';
import type { Invite } from '../telephones/invitations.ts';
import type { Dialer } from './dialer.ts';

interface TransferRequest {
  readonly invite: Invite;
  /** The participant to transfer. Defaults to the only one on the call beside the application. */
  readonly transferee: IdentifierJson | undefined;
  readonly replyTo: ReplyTo;
}

/**
 * Rings the target's telephone and transfers a participant to it. CallTransferAccepted once the target answers; the
 * call then ends for the application if nobody else is left on it. CallTransferFailed if the target does not answer,
 * and everybody stays.
 * @throws RefusedError 400 8585 during another transfer, 404 8522 if the transferee is not on the call, 400 8523 if
 * several could be meant
 */
export function transfer(
  connection: Connection,
  dialer: Pick<Dialer, 'converse'>,
  { invite, transferee, replyTo }: TransferRequest,
): void {
  if (connection.transferring) throw new RefusedError(refusals.notInThisState('a transfer is under way'));
  const { participants } = connection;
  const rawId = transferee?.rawId ?? onlyOne(participants.onThePhone);
  const leaving = participants.find(rawId)?.identifier;
  if (leaving === undefined || !participants.onThePhone.includes(rawId))
    throw new RefusedError(refusals.participantNotFound());
  if (participants.find(invite.identifier.rawId) !== undefined)
    throw invalid('The field targetParticipant names somebody who is on the call already.');
  connection.invitations.invite({ ...invite, from: invite.from ?? leaving }, (end) => {
    connection.transferring = false;
    if (end.type !== 'answered') {
      const resultInformation = calleeNotReached(invite.identifier, end.type);
      connection.emit('CallTransferFailed', { resultInformation }, replyTo);
      return;
    }
    const last = participants.onThePhone.length === 1;
    const speaker = connection.telephones.release(rawId, last);
    if (speaker === undefined) {
      end.phone.ended('cancelled');
      connection.emit('CallTransferFailed', { resultInformation: NO_LONGER_THERE }, replyTo);
      return;
    }
    connection.emit(
      'CallTransferAccepted',
      { transferTarget: invite.identifier, transferee: leaving },
      replyTo,
    );
    if (last) connection.telephones.endForAll('transferred');
    dialer.converse(connection, last, [speaker, { ...end, identifier: invite.identifier }]);
  });
  connection.transferring = true;
}

function onlyOne(rawIds: readonly string[]): string {
  const [rawId, ...others] = rawIds;
  if (rawId !== undefined && others.length === 0) return rawId;
  throw invalid('The field transferee is required: several participants are on the call.');
}

/**
 * Carries telephones from one call of the application to another; each is a MoveParticipantSucceeded on the call that
 * it comes to. A call that nobody is left on ends.
 * @throws RefusedError 404 8522 where somebody is not on the other call, 400 8523 where somebody is on this one already
 */
export function moveParticipants(
  to: Connection,
  from: Connection,
  identifiers: readonly IdentifierJson[],
  replyTo: ReplyTo,
): void {
  if (to === from) throw invalid('The field fromCall must name another call.');
  for (const { rawId } of identifiers) {
    if (!from.participants.onThePhone.includes(rawId)) throw new RefusedError(refusals.participantNotFound());
    if (to.participants.find(rawId) !== undefined)
      throw invalid('The field targetParticipants names somebody who is on this call already.');
  }
  for (const participant of identifiers) {
    const speaker = from.telephones.release(participant.rawId);
    if (speaker === undefined) continue;
    const { phone } = speaker;
    const isSame = to.sampleRateHz === from.sampleRateHz;
    to.telephones.seat({ ...speaker, phone: isSame ? phone : new SteadyRatePhone(phone, from.sampleRateHz) });
    to.emit('MoveParticipantSucceeded', { participant, fromCall: from.callConnectionId }, replyTo);
  }
  if (from.participants.onThePhone.length === 0) from.telephones.endForAll('moved');
}
