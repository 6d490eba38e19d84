import { type ResultInformation, resultOf } from '../events/callback-event.ts';
import type { MediaFailure } from '../media/port.ts';
import type { InvitationFailure } from '../telephones/invitation.ts';

/** Results as captured from the service, except where the comment says otherwise. */
export const COMPLETED = resultOf(200, 0, 'Action completed successfully.');

/** Code and subcode of a call that ended gracefully; the wording is ours. */
export const CALL_ENDED = resultOf(200, 7000, 'The call has ended.');

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
 * Why a callee was not reached. The subcodes are documented ("callee declined", "busy", "unavailable", "operation
 * cancelled"); codes and SIP details are those of RFC 3261 and RFC 3398 for the same cases, and the wording is ours.
 */
export const CALLEE_NOT_REACHED: Readonly<Record<InvitationFailure, ResultInformation>> = {
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

function notReached(
  code: number,
  subCode: number,
  message: string,
  sip: string,
  q850: number,
  q850Message: string,
): ResultInformation {
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
