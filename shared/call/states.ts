/**
 * The states of a call and of its streaming, recording and transcription, as the control app stores them and the HTTP
 * API shows them (docs/call-states.md).
 */

export const CALL_PHASES = ['ringing', 'answering', 'placing', 'connected', 'ending', 'ended'] as const;

export type CallPhase = (typeof CALL_PHASES)[number];

export const STREAMING_STATES = ['inactive', 'starting', 'active', 'stopping', 'failed'] as const;

export const RECORDING_STATES = ['inactive', 'starting', 'recording', 'paused'] as const;

export const TRANSCRIPTION_STATES = ['inactive', 'starting', 'active', 'stopping', 'failed'] as const;

export const CALL_DIRECTIONS = ['inbound', 'outbound'] as const;

export type CallDirection = (typeof CALL_DIRECTIONS)[number];

/** What a route decides about a call. */
export const CALL_DECISIONS = ['answer', 'reject', 'redirect'] as const;

/**
 * Who ended a call. `participant`: somebody on the telephone hung up, or did not want the call. `application`: a
 * caller of the API. `worker`: a worker with the token of its call. `route`: it rejected or redirected the call, or
 * ended it as streaming had failed. `silence`: nobody said anything for as long as the route allows. `time-limit`: the
 * call lasted, or rang, for as long as it may. `transfer`: the participant was handed over. `failure`: the call could
 * not be connected, or was cut off. `unknown`: it was found to be gone.
 */
export const CALL_ENDERS = [
  'participant',
  'application',
  'worker',
  'route',
  'silence',
  'time-limit',
  'transfer',
  'failure',
  'unknown',
] as const;

export type CallEnder = (typeof CALL_ENDERS)[number];

/** Why placing a call failed. */
export const PLACING_FAILURES = ['busy', 'no-answer', 'declined', 'not-reachable', 'failed'] as const;

export type PlacingFailure = (typeof PLACING_FAILURES)[number];
