import type { Clock } from '../../common/clock.ts';
import { dotNetTime } from '../events/callback-event.ts';
import { type Refusal, RefusedError, refusals } from '../http/refusal.ts';
import type { EmitEvent } from './media-operation.ts';
import { mediaResults } from './media-results.ts';

/** Recordings of one call, one after another, that can still be looked up. */
const MAX_RECORDINGS = 32;

interface StartRecording {
  readonly pauseOnStart: boolean;
  /** Receives RecordingStateChanged. Without one no such event is sent. */
  readonly stateCallbackUri: string | undefined;
}

/** `RecordingStateResponse`. */
interface RecordingView {
  readonly recordingId: string;
  readonly recordingState: 'active' | 'inactive';
  readonly recordingKind: 'azureCommunicationServices';
}

interface Recording {
  state: RecordingPhase;
  readonly startDateTime: string;
  readonly stateCallbackUri: string | undefined;
  /** The connection by which the recording is on the call. */
  readonly callConnectionId: string;
  /** Tells that it has begun, unless that was told. */
  begin: (() => void) | undefined;
}

interface CallRecordingsOptions {
  readonly emit: EmitEvent;
  readonly clock: Clock;
  /** From the answer to the event that the recording is active. */
  readonly beginDelayMs: number;
  readonly newId: () => string;
}

/** What the service says of a recording that has not begun: .NET's least date. */
const NOT_BEGUN = '0001-01-01T00:00:00+00:00';

/** The recordings of one call: their states and events. No audio is kept, so there is nothing to download. */
export class CallRecordings {
  readonly #options: CallRecordingsOptions;
  readonly #recordings = new Map<string, Recording>();

  constructor(options: CallRecordingsOptions) {
    this.#options = options;
  }

  has(recordingId: string): boolean {
    return this.#recordings.has(recordingId);
  }

  /** Whether the call is being recorded, or its recording is paused. */
  get active(): boolean {
    return [...this.#recordings.values()].some(({ state }) => state !== 'stopped');
  }

  /**
   * As recorded, the answer says inactive, and so does a first event; another one follows once it has begun.
   * @throws RefusedError 400 8553 where the call is being recorded already
   */
  start({ pauseOnStart, stateCallbackUri }: StartRecording): RecordingView {
    if (this.active) throw new RefusedError(refusals.duplicateRecording());
    const { newId, clock, beginDelayMs } = this.#options;
    const callConnectionId = newId();
    const recordingId = recordingIdOf(callConnectionId, newId());
    const recording: Recording = {
      state: pauseOnStart ? 'paused' : 'active',
      startDateTime: dotNetTime(clock.now()),
      stateCallbackUri,
      callConnectionId,
      begin: undefined,
    };
    this.#recordings.set(recordingId, recording);
    const [oldest] = this.#recordings.keys();
    if (this.#recordings.size > MAX_RECORDINGS && oldest !== undefined) this.#recordings.delete(oldest);
    this.#publish(recordingId, recording, 'inactive', NOT_BEGUN);
    if (!pauseOnStart) {
      const cancel = clock.after(beginDelayMs, () => recording.begin?.());
      recording.begin = () => {
        cancel();
        recording.begin = undefined;
        this.#publish(recordingId, recording, 'active');
      };
    }
    return { ...this.get(recordingId), recordingState: 'inactive' };
  }

  /** @throws RefusedError 404 8522 where there is none or it has been stopped */
  get(recordingId: string): RecordingView {
    const recording = this.#find(recordingId);
    if (recording.state === 'stopped') throw new RefusedError(refusals.recordingNotFound());
    return {
      recordingId,
      recordingState: recordingStateOf(recording.state),
      recordingKind: 'azureCommunicationServices',
    };
  }

  /** @throws RefusedError 404 8522 where there is none or it has been stopped */
  change(recordingId: string, input: RecordingInput): void {
    const recording = this.#find(recordingId);
    const { state, changed, refusal } = stepRecordingPhase(recording.state, input);
    if (refusal !== undefined) throw new RefusedError(refusal);
    recording.state = state;
    if (changed !== undefined) recording.begin?.();
    if (changed !== undefined) this.#publish(recordingId, recording, changed);
  }

  /** The call ends, and its recording with it. Idempotent. */
  end(): void {
    for (const recordingId of this.#recordings.keys()) this.change(recordingId, 'callEnded');
  }

  #find(recordingId: string): Recording {
    const recording = this.#recordings.get(recordingId);
    if (recording === undefined) throw new RefusedError(refusals.recordingNotFound());
    return recording;
  }

  #publish(
    recordingId: string,
    recording: Recording,
    state: 'active' | 'inactive',
    startDateTime = recording.startDateTime,
  ): void {
    const { stateCallbackUri, callConnectionId } = recording;
    if (stateCallbackUri === undefined) return;
    this.#options.emit(
      'RecordingStateChanged',
      {
        resultInformation: mediaResults.completed,
        recordingId,
        state,
        startDateTime,
        recordingKind: 'azureCommunicationServices',
        recording: { recordingId, callConnectionId },
      },
      { operationCallbackUri: stateCallbackUri },
    );
  }
}

/** The form of recorded ids, which are opaque to an application. */
function recordingIdOf(callConnectionId: string, resourceId: string): string {
  const parts = { PlatformEndpointId: callConnectionId, ResourceSpecificId: resourceId };
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

export type RecordingPhase = 'active' | 'paused' | 'stopped';
export type RecordingInput = 'pause' | 'resume' | 'stop' | 'callEnded';

interface RecordingStep {
  readonly state: RecordingPhase;
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
export function stepRecordingPhase(state: RecordingPhase, input: RecordingInput): RecordingStep {
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

function recordingStateOf(state: RecordingPhase): 'active' | 'inactive' {
  return state === 'active' ? 'active' : 'inactive';
}
