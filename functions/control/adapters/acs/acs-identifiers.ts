import type { CallInvite } from '@azure/communication-call-automation';
import {
  type CommunicationIdentifier,
  createIdentifierFromRawId,
  getIdentifierRawId,
  isUnknownIdentifier,
  type PhoneNumberIdentifier,
} from '@azure/communication-common';
import type { RawId } from '../../../../shared/call/party.ts';

/** ACS cannot be asked for what was requested. The message is a sentence without numbers and names. */
export class NotAskedError extends Error {
  override readonly name = 'NotAskedError';
}

/** @throws NotAskedError for an id in a form that ACS does not document */
export function identifierOf(rawId: RawId): Exclude<CommunicationIdentifier, { id: string }> {
  const identifier = createIdentifierFromRawId(rawId);
  if (isUnknownIdentifier(identifier))
    throw new NotAskedError('a raw id is neither of a telephone number nor of a user or app');
  return identifier;
}

export function rawIdOf(identifier: CommunicationIdentifier): RawId {
  return getIdentifierRawId(identifier);
}

interface Invited {
  readonly to: RawId;
  /** A telephone number, `+1425…`. */
  readonly callerId?: string;
  readonly displayName?: string;
}

/** @throws NotAskedError for an id in a form that ACS does not document */
export function inviteOf({ to, callerId, displayName }: Invited): CallInvite {
  return {
    targetParticipant: identifierOf(to),
    ...(callerId === undefined ? {} : { sourceCallIdNumber: phoneNumber(callerId) }),
    ...(displayName === undefined ? {} : { sourceDisplayName: displayName }),
  };
}

function phoneNumber(number: string): PhoneNumberIdentifier {
  return { phoneNumber: number };
}
