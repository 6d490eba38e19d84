import { type Refusal, refusals } from '../http/refusal.ts';

export type RecordingState = 'active' | 'paused' | 'stopped';
export type RecordingInput = 'pause' | 'resume' | 'stop' | 'callEnded';

interface RecordingStep {
  readonly state: RecordingState;
  /** The new state that RecordingStateChanged carries, if it has changed. */
  readonly changed?: 'active' | 'inactive';
  readonly refusal?: Refusal;
}

/**
 * One recording. The service knows two states of it, `active` and `inactive`; a paused one is inactive and can be
 * resumed.
 *
 * ```
 *   (pauseOnStart) ──▶ paused ◀──pause── active ◀── (start)
 *                        │ ────resume─────▶ │
 *                        └──stop, callEnded─┴──▶ stopped
 * ```
 * A stopped recording is not found any more. Pausing a paused one and resuming an active one change nothing.
 */
export function stepRecording(state: RecordingState, input: RecordingInput): RecordingStep {
  if (state === 'stopped')
    return input === 'callEnded' ? { state } : { state, refusal: refusals.recordingNotFound() };
  switch (input) {
    case 'pause':
      return state === 'paused' ? { state } : { state: 'paused', changed: 'inactive' };
    case 'resume':
      return state === 'active' ? { state } : { state: 'active', changed: 'active' };
    case 'stop':
    case 'callEnded':
      return state === 'paused' ? { state: 'stopped' } : { state: 'stopped', changed: 'inactive' };
  }
}

export function recordingStateOf(state: RecordingState): 'active' | 'inactive' {
  return state === 'active' ? 'active' : 'inactive';
}
