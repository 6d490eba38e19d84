/** What can be requested of a recording. */
import type { RECORDING_STATES } from '../../../shared/call/states.ts';

export type RecordingRequest = 'startRecording' | 'pauseRecording' | 'resumeRecording' | 'stopRecording';

type RecordingState = (typeof RECORDING_STATES)[number];

/**
 * The recording of one call.
 *
 * ```
 *              start              answer, ACS: active
 *  inactive ──────────▶ starting ─────────────────────▶ recording ◀──────┐
 *     ▲                    │                             │   │  pause    │ resume, ACS: active
 *     │   refused          │    answer (to be paused)    │   └─────────▶ paused
 *     ├────────────────────┘    ────────────────────────▶│                │
 *     └──────── stop, ACS: inactive, unknown to ACS, end of the call ─────┘
 * ```
 *
 * Pausing, resuming and stopping take effect when ACS answers. The later RecordingStateChanged confirms it, or after
 * a crash in between is all we know. ACS reports a paused recording as inactive, like one that has ended. Its events
 * arrive in any order and long after the answers: until one confirms a pause or a resumption, events that contradict
 * it are older.
 */
export interface Recording {
  readonly state: RecordingState;
  /** When this state began, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** The id of the recording at ACS. */
  readonly recordingId?: string;
  /** What was requested and is not answered yet. */
  readonly asked?: RecordingRequest;
  /** `starting`: the recording begins paused. */
  readonly pauseOnStart?: true;
  /** ACS has answered a pause or a resumption, and no event has confirmed it yet. */
  readonly unconfirmed?: true;
  /** The recording that was stopped last. Events about it are late. */
  readonly stoppedId?: string;
  /** The time of the newest event applied, by the clock of ACS. */
  readonly newestEventMs: number;
}

export type RecordingRefusal =
  | 'recording-already-on'
  | 'recording-already-off'
  | 'recording-starting'
  | 'recording-paused'
  | 'recording-not-paused';

type RecordingEvent =
  | { readonly type: 'asked'; readonly request: RecordingRequest; readonly pauseOnStart?: boolean }
  | {
      readonly type: 'answered';
      readonly request: RecordingRequest;
      /** For a start. */
      readonly recordingId?: string;
    }
  /** `unknown`: ACS does not know the recording. */
  | { readonly type: 'refused'; readonly request: RecordingRequest; readonly unknown: boolean }
  | {
      readonly type: 'reported';
      readonly recordingId: string;
      readonly active: boolean;
      readonly atMs: number | undefined;
    }
  | { readonly type: 'callEnded' };

interface RecordingStep {
  readonly recording: Recording;
  readonly refusal?: RecordingRefusal;
}

export const NO_RECORDING: Recording = { state: 'inactive', sinceMs: 0, newestEventMs: 0 };

/** A start that ACS has not answered after this long no longer blocks another one. */
const RECORDING_START_LIMIT_MS = 15_000;

export function stepRecording(recording: Recording, event: RecordingEvent, nowMs: number): RecordingStep {
  switch (event.type) {
    case 'asked':
      return ask(recording, event.request, event.pauseOnStart === true, nowMs);
    case 'answered':
      return { recording: answered(recording, event.request, event.recordingId, nowMs) };
    case 'refused':
      return { recording: refused(recording, event.request, event.unknown, nowMs) };
    case 'reported':
      return { recording: reported(recording, event, nowMs) };
    case 'callEnded':
      return { recording: recording.state === 'inactive' ? recording : stopped(recording, nowMs) };
  }
}

function ask(
  recording: Recording,
  request: RecordingRequest,
  pauseOnStart: boolean,
  nowMs: number,
): RecordingStep {
  const refusal = refusalOf(recording, request, nowMs);
  if (refusal !== undefined) return { recording, refusal };
  const asked: Recording = { ...recording, asked: request };
  if (request !== 'startRecording') return { recording: asked };
  return { recording: { ...enter(asked, 'starting', nowMs), ...(pauseOnStart ? { pauseOnStart } : {}) } };
}

function refusalOf(
  { state, sinceMs }: Recording,
  request: RecordingRequest,
  nowMs: number,
): RecordingRefusal | undefined {
  switch (state) {
    case 'inactive':
      return request === 'startRecording' ? undefined : 'recording-already-off';
    case 'starting':
      return request === 'startRecording' && nowMs - sinceMs >= RECORDING_START_LIMIT_MS
        ? undefined
        : 'recording-starting';
    case 'recording':
      if (request === 'startRecording') return 'recording-already-on';
      return request === 'resumeRecording' ? 'recording-not-paused' : undefined;
    case 'paused':
      if (request === 'startRecording') return 'recording-already-on';
      return request === 'pauseRecording' ? 'recording-paused' : undefined;
  }
}

function answered(
  recording: Recording,
  request: RecordingRequest,
  recordingId: string | undefined,
  nowMs: number,
): Recording {
  const { asked: _, ...rest } = recording;
  switch (request) {
    case 'startRecording':
      // An event may have come before the answer, and says more.
      if (recording.state !== 'starting') return rest;
      return {
        ...enter(rest, rest.pauseOnStart ? 'paused' : 'recording', nowMs),
        ...(recordingId === undefined ? {} : { recordingId }),
      };
    case 'pauseRecording':
      return recording.state === 'recording' ? { ...enter(rest, 'paused', nowMs), unconfirmed: true } : rest;
    case 'resumeRecording':
      return recording.state === 'paused' ? { ...enter(rest, 'recording', nowMs), unconfirmed: true } : rest;
    case 'stopRecording':
      return recording.state === 'recording' || recording.state === 'paused' ? stopped(rest, nowMs) : rest;
  }
}

function refused(
  recording: Recording,
  request: RecordingRequest,
  unknown: boolean,
  nowMs: number,
): Recording {
  const { asked: _, ...rest } = recording;
  if (request === 'startRecording')
    return recording.state === 'starting' ? enter(rest, 'inactive', nowMs) : rest;
  const isOn = recording.state === 'recording' || recording.state === 'paused';
  return unknown && isOn ? stopped(rest, nowMs) : rest;
}

function reported(
  recording: Recording,
  event: Extract<RecordingEvent, { type: 'reported' }>,
  nowMs: number,
): Recording {
  const { recordingId, active, atMs = recording.newestEventMs } = event;
  const timed = event.atMs !== undefined;
  if (recordingId === recording.stoppedId || atMs < recording.newestEventMs) return recording;
  // A recording that is paused as it begins is active and inactive in one millisecond, told in any order.
  const isPaused = recording.state === 'paused' && recording.asked === undefined;
  if (active && isPaused && timed && atMs === recording.newestEventMs) return recording;
  // ACS records a call once at a time, so another recording than ours is an older one.
  if (recording.recordingId !== undefined && recording.recordingId !== recordingId) return recording;
  if (recording.unconfirmed && recording.asked === undefined && active !== (recording.state === 'recording'))
    return { ...recording, newestEventMs: atMs };
  const { unconfirmed: _, ...rest } = recording;
  const known: Recording = { ...rest, recordingId, newestEventMs: atMs };
  if (active) return recording.state === 'recording' ? known : enter(known, 'recording', nowMs);
  switch (recording.state) {
    case 'inactive':
      return recording;
    case 'paused':
      return recording.asked === 'stopRecording' ? stopped(known, nowMs) : known;
    // A recording that begins paused.
    case 'starting':
      return enter(known, 'paused', nowMs);
    case 'recording':
      if (recording.asked === 'pauseRecording') return enter(known, 'paused', nowMs);
      return recording.asked === 'stopRecording' ? stopped(known, nowMs) : over(known, nowMs);
  }
}

/** We stopped it: later events about it do not count. */
function stopped(recording: Recording, nowMs: number): Recording {
  const { recordingId } = recording;
  return { ...over(recording, nowMs), ...(recordingId === undefined ? {} : { stoppedId: recordingId }) };
}

function over(recording: Recording, nowMs: number): Recording {
  const { recordingId: _id, asked: _asked, ...rest } = recording;
  return enter(rest, 'inactive', nowMs);
}

function enter(
  { pauseOnStart: _, unconfirmed: _unconfirmed, ...recording }: Recording,
  state: RecordingState,
  nowMs: number,
): Recording {
  return { ...recording, state, sinceMs: nowMs };
}
