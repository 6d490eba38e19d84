/** The words by which the HTTP API tells the state of a call; whoever shows a call fails to compile where one is missing. */
import type { RecordingState } from '../../../functions/control/call/recording.ts';
import type { StreamingState } from '../../../functions/control/call/streaming.ts';
import type { TranscriptionState } from '../../../functions/control/call/transcription.ts';

export const STREAMING_STATES = [
  'inactive',
  'starting',
  'active',
  'stopping',
  'failed',
] as const satisfies readonly StreamingState[];

export const RECORDING_STATES = [
  'inactive',
  'starting',
  'recording',
  'paused',
] as const satisfies readonly RecordingState[];

export const TRANSCRIPTION_STATES = [
  'inactive',
  'starting',
  'active',
  'stopping',
  'failed',
] as const satisfies readonly TranscriptionState[];

export const DIRECTIONS = ['inbound', 'outbound'] as const;

export const DECISIONS = ['answer', 'reject', 'redirect'] as const;
