import { SteadyRatePhone } from '../../../phone/steady-rate-phone.ts';
import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import type { Connection } from '../call/connection.ts';
import type { ReplyTo } from '../events/callback-event.ts';
import { invalid } from '../http/fields.ts';
import { RefusedError, refusals } from '../http/refusal.ts';

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
