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

/** Why placing a call failed. */
export const PLACING_FAILURES = ['busy', 'no-answer', 'declined', 'not-reachable', 'failed'] as const;

export type PlacingFailure = (typeof PLACING_FAILURES)[number];
