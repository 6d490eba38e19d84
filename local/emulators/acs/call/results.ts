import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import { type ResultInformation, resultOf } from '../events/callback-event.ts';
import type { MediaFailure } from '../media/port.ts';
import { phoneNumberOf } from '../telephones/identifiers.ts';
import type { InvitationFailure } from '../telephones/invitation.ts';
import type { Farewell } from '../telephones/phone-line.ts';

/** Results as captured from the service, except where the comment says otherwise. */
export const COMPLETED = resultOf(200, 0, 'Action completed successfully.');

/** The application, or another one that speaks for it, has ended the call. */
export const CALL_ENDED = resultOf(
  200,
  7000,
  'Call was ended by Azure Communication Service Call Automation API or a server bot. DiagCode: 0#7000.@',
);

/** The telephone that called was put down. */
export const PHONE_OF_CALLER_LEFT = resultOf(200, 540_000, 'Call ended successfully by local PSTN caller.');

/** A telephone that was called was put down. Subcode and wording are documented; the code is that of its sibling. */
export const PHONE_OF_CALLEE_LEFT = resultOf(
  200,
  560_000,
  'Call ended successfully by remote PSTN participant.',
);

/** Nobody is left beside the application, which has removed the last one. */
export const LEFT_ALONE = resultOf(200, 5002, 'The conversation has ended. DiagCode: 0#5002.@');

/** The last user on the other side is gone. Of one who leaves for itself nothing is recorded. */
export const USER_LEFT: Readonly<Record<Farewell, ResultInformation>> = {
  left: LEFT_ALONE,
  endedForAll: resultOf(200, 5001, 'This conversation has ended.. DiagCode: 0#5001.@'),
  removed: resultOf(200, 5300, 'The conversation has ended. DiagCode: 0#5300.@'),
};

/** No payload of this case is public: the code is that of "media streaming failed", the wording is ours. */
export const STREAM_INTERRUPTED = resultOf(
  500,
  8603,
  'Action failed, the websocket connection was closed by the other side.',
);

export const STREAM_FAILED: Readonly<Record<MediaFailure, ResultInformation>> = {
  invalidUrl: resultOf(
    400,
    8581,
    'Action failed, Transport url is not valid or web socket server is not operational.',
  ),
  notAccepted: resultOf(500, 8603, 'Action failed, not able to establish websocket connection.'),
};

/**
 * Why a telephone was not reached. The subcodes are documented ("callee declined", "busy", "unavailable", "operation
 * cancelled"); codes and SIP details are those of RFC 3261 and RFC 3398 for the same cases, and the wording is ours.
 */
const TELEPHONE_NOT_REACHED: Readonly<Record<InvitationFailure, Required<ResultInformation>>> = {
  declined: notReached(603, 8538, 'The callee declined.', 'Decline', 21, 'Call rejected'),
  busy: notReached(486, 8539, 'The callee is busy.', 'Busy Here', 17, 'User busy'),
  noAnswer: notReached(408, 8541, 'The callee did not answer.', 'Request Timeout', 19, 'No answer'),
  unavailable: notReached(
    480,
    8541,
    'The callee is unavailable.',
    'Temporarily Unavailable',
    20,
    'Subscriber absent',
  ),
  cancelled: notReached(
    487,
    8508,
    'The operation was cancelled.',
    'Request Terminated',
    16,
    'Normal call clearing',
  ),
};

/** A user of the service who rejects a call, as recorded: without the details of a telephone network. */
const USER_DECLINED = resultOf(
  603,
  0,
  'Call ended successfully as it was declined from callee. DiagCode: 603#0.@',
);

/** Why somebody was not reached. Only calls to telephones have details of the telephone network. */
export function calleeNotReached(callee: IdentifierJson, failure: InvitationFailure): ResultInformation {
  const { sipDetails, q850Details, ...result } = TELEPHONE_NOT_REACHED[failure];
  if (phoneNumberOf(callee) !== undefined) return { ...result, sipDetails, q850Details };
  return failure === 'declined' ? USER_DECLINED : result;
}

function notReached(
  code: number,
  subCode: number,
  message: string,
  sip: string,
  q850: number,
  q850Message: string,
): Required<ResultInformation> {
  return {
    ...resultOf(code, subCode, message),
    sipDetails: { code, message: sip },
    q850Details: { code: q850, message: q850Message },
  };
}

/** The documented code for what is no longer there; the wording is ours. */
export const NO_LONGER_THERE = resultOf(404, 8522, 'Action failed, the call or participant was not found.');

/** The documented code of an invalid argument; the wording is ours. */
export const NOT_REMOVABLE = resultOf(
  400,
  8523,
  'Action failed, the application cannot be removed from its own call.',
);

/** What CancelAddParticipantSucceeded says, as recorded: the invitation has failed because it was cancelled. */
export function addingCancelled({ rawId }: IdentifierJson): ResultInformation {
  const message = `addParticipants failed for participant ${rawId}. Underlying reason: The Call Has Been Cancelled. DiagCode: 487#5234.@`;
  return resultOf(487, 5234, message);
}
