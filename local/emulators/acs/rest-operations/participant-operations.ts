import type { PersonOnCall } from '../call/participants.ts';
import { addingCancelled, calleeNotReached, NO_LONGER_THERE, NOT_REMOVABLE } from '../call/results.ts';
import { moveParticipants } from '../exchange/transfer.ts';
import { invalid } from '../http/fields.ts';
import { RefusedError, refusals } from '../http/refusal.ts';
import { identifierOf, phoneNumberOf } from '../telephones/identifiers.ts';
import {
  CALL,
  establishedConnection,
  type Operation,
  type OperationRequest,
  type OperationResult,
  once,
  plain,
} from './operation.ts';
import {
  readCallingContext,
  readIdentifiers,
  readPhoneNumber,
  readReplyTo,
  requireIdentifier,
} from './request-fields.ts';

/** Participants that one page of a list names. */
const PAGE_SIZE = 30;

export const participantOperations: readonly Operation[] = [
  plain('GET', 'listParticipants', `${CALL}/participants`, 200, listParticipants),
  plain('GET', 'getParticipant', `${CALL}/participants/{participantRawId}`, 200, getParticipant),
  once('addParticipant', `${CALL}/participants:add`, 202, addParticipant),
  once('removeParticipant', `${CALL}/participants:remove`, 202, removeParticipant),
  once('muteParticipants', `${CALL}/participants:mute`, 200, muteParticipants),
  once('cancelAddParticipant', `${CALL}/participants:cancelAddParticipant`, 202, cancelAddParticipant),
  once('moveParticipants', `${CALL}/participants:moveHere`, 202, moveHere),
];

/** A page; `skip` in the address of the next one counts those that were named already. */
function listParticipants(request: OperationRequest): OperationResult {
  const { participants, callConnectionId } = establishedConnection(request);
  const skip = Number(request.query.get('skip') ?? '0');
  if (!Number.isInteger(skip) || skip < 0) throw invalid('The parameter skip must be a whole number from 0.');
  const rest = participants.all.slice(skip);
  const path = CALL.replace('{callConnectionId}', callConnectionId);
  const next = `${request.origin}${path}/participants?api-version=${encodeURIComponent(request.apiVersion)}&skip=${skip + PAGE_SIZE}`;
  return {
    json: {
      value: rest.slice(0, PAGE_SIZE).map(toJson),
      nextLink: rest.length > PAGE_SIZE ? next : undefined,
    },
  };
}

function getParticipant(request: OperationRequest): OperationResult {
  const participant = establishedConnection(request).participants.find(
    request.path.get('participantRawId') ?? '',
  );
  if (participant === undefined) throw new RefusedError(refusals.participantNotFound());
  return { json: toJson(participant) };
}

function addParticipant(request: OperationRequest): OperationResult {
  const { fields } = request;
  const participant = requireIdentifier(fields, 'participantToAdd');
  const number = readPhoneNumber(fields, 'sourceCallerIdNumber');
  if (number === undefined && phoneNumberOf(participant) !== undefined)
    throw invalid('The field sourceCallerIdNumber is required to add a phone number.');
  const timeoutS = fields.whole('invitationTimeoutInSeconds', 0, 180);
  const replyTo = readReplyTo(fields);
  const connection = establishedConnection(request);
  const { rawId } = participant;
  if (connection.participants.find(rawId) !== undefined)
    throw invalid('The field participantToAdd names somebody who is on the call already.');
  if (connection.invitations.includes(rawId))
    throw new RefusedError(refusals.conflict('this participant is being invited already'));
  const [self] = connection.telephones.ownIdentifiers;
  const invite = {
    identifier: participant,
    // Only telephones are shown the number.
    from: phoneNumberOf(participant) === undefined || number === undefined ? self : identifierOf(number),
    displayName: fields.optionalText('sourceDisplayName'),
    // Zero is the service's own limit: nobody can answer in no time.
    timeoutMs: timeoutS === undefined || timeoutS === 0 ? undefined : timeoutS * 1_000,
    ...readCallingContext(fields),
  };
  const { id } = connection.invitations.invite(invite, (end) => {
    switch (end.type) {
      case 'answered':
        connection.telephones.admit({ identifier: participant, phone: end.phone, line: end.line });
        connection.emit('AddParticipantSucceeded', { participant }, replyTo);
        return;
      case 'cancelled':
        // CancelAddParticipantSucceeded tells of it.
        return;
      case 'busy':
      case 'declined':
      case 'noAnswer':
      case 'unavailable':
        connection.emit(
          'AddParticipantFailed',
          { resultInformation: calleeNotReached(participant, end.type), participant },
          replyTo,
        );
        return;
    }
  });
  return {
    json: {
      participant: { identifier: participant, isMuted: false, isOnHold: false },
      operationContext: replyTo.operationContext,
      invitationId: id,
    },
  };
}

/** Nobody can remove the application's own leg this way: that is what hanging up is for. */
function removeParticipant(request: OperationRequest): OperationResult {
  const { fields } = request;
  const participant = requireIdentifier(fields, 'participantToRemove');
  const replyTo = readReplyTo(fields);
  const connection = establishedConnection(request);
  const { participants } = connection;
  if (participants.find(participant.rawId) === undefined)
    throw new RefusedError(refusals.participantNotFound());
  if (participants.isShown(participant.rawId)) throw new RefusedError(refusals.ofAnotherApplication());
  if (!participants.onThePhone.includes(participant.rawId)) {
    connection.emit('RemoveParticipantFailed', { resultInformation: NOT_REMOVABLE, participant }, replyTo);
  } else {
    const last = participants.onThePhone.length === 1;
    connection.telephones.remove(participant.rawId, 'removed');
    connection.emit('RemoveParticipantSucceeded', { participant }, replyTo);
    if (last) connection.telephones.endForAll('removed');
  }
  return { json: { operationContext: replyTo.operationContext } };
}

/** Only users of Communication Services can be muted. They can only unmute themselves: there is no operation for it. */
function muteParticipants(request: OperationRequest): OperationResult {
  const { fields } = request;
  const identifiers = readIdentifiers(fields, 'targetParticipants');
  const operationContext = readReplyTo(fields).operationContext;
  const { participants, telephones } = establishedConnection(request);
  for (const { rawId, kind } of identifiers) {
    if (participants.find(rawId) === undefined) throw new RefusedError(refusals.participantNotFound());
    if (participants.isShown(rawId)) throw new RefusedError(refusals.ofAnotherApplication());
    if (kind !== 'communicationUser')
      throw invalid('The field targetParticipants may only name users of Communication Services (8:acs:…).');
  }
  for (const { rawId } of identifiers) telephones.mute(rawId);
  return { json: { operationContext } };
}

function cancelAddParticipant(request: OperationRequest): OperationResult {
  const { fields } = request;
  const invitationId = fields.text('invitationId');
  const replyTo = readReplyTo(fields);
  const connection = establishedConnection(request);
  const invited = connection.invitations.cancel(invitationId);
  if (invited !== undefined) {
    const resultInformation = addingCancelled(invited);
    connection.emit('CancelAddParticipantSucceeded', { resultInformation, invitationId }, replyTo);
  } else {
    const resultInformation = NO_LONGER_THERE;
    connection.emit('CancelAddParticipantFailed', { resultInformation, invitationId }, replyTo);
  }
  return { json: { invitationId, operationContext: replyTo.operationContext } };
}

function moveHere(request: OperationRequest): OperationResult {
  const { fields } = request;
  const identifiers = readIdentifiers(fields, 'targetParticipants');
  const fromCall = fields.text('fromCall');
  const replyTo = readReplyTo(fields);
  const to = establishedConnection(request);
  const from = establishedConnection({ ...request, path: new Map([['callConnectionId', fromCall]]) });
  moveParticipants(to, from, identifiers, replyTo);
  return {
    json: {
      participants: identifiers.map((identifier) => ({ identifier, isMuted: false, isOnHold: false })),
      operationContext: replyTo.operationContext,
      fromCall,
    },
  };
}

function toJson({ identifier, isMuted, isOnHold }: PersonOnCall): Record<string, unknown> {
  return { identifier, isMuted, isOnHold };
}
