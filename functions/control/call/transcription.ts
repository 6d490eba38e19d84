/**
 * The transcription of one call.
 *
 * ```
 *             start               Started               stop
 *  inactive ─────────▶ starting ───────────▶ active ───────────▶ stopping
 *     ▲                 │   ▲                  │                    │
 *     │         refused,│   │ start            │ Failed             │ refused: active again
 *     │          Failed ▼   │                  ▼                    │
 *     │                failed ◀────────────────┘                    │
 *     └──────────────── Stopped, Failed, end of the call ───────────┘
 * ```
 *
 * Every state becomes `inactive` with Stopped and when the call ends, and `active` with Started (except `stopping`,
 * which waits for its end).
 */
import type { TRANSCRIPTION_STATES } from '../../../shared/call/states.ts';

type TranscriptionState = (typeof TRANSCRIPTION_STATES)[number];

export interface Transcription {
  readonly state: TranscriptionState;
  /** When this state began, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** The time of the newest event applied, by the clock of ACS. An older event is late and ignored. */
  readonly newestEventMs: number;
  /** `starting`, `stopping`: the operation that led here. */
  readonly requestId?: string;
}

export type TranscriptionRefusal = 'transcription-already-on' | 'transcription-already-off';

type TranscriptionEvent =
  | { readonly type: 'start' | 'stop' | 'refused'; readonly id: string }
  | { readonly type: 'started' | 'stopped' | 'failed'; readonly atMs: number | undefined }
  | { readonly type: 'callEnded' };

interface TranscriptionStep {
  readonly transcription: Transcription;
  readonly refusal?: TranscriptionRefusal;
}

export const NO_TRANSCRIPTION: Transcription = { state: 'inactive', sinceMs: 0, newestEventMs: 0 };

/** A start or stop that ACS has not confirmed after this long no longer blocks another one. */
const TRANSCRIPTION_CONFIRM_LIMIT_MS = 15_000;

export function stepTranscription(
  transcription: Transcription,
  event: TranscriptionEvent,
  nowMs: number,
): TranscriptionStep {
  switch (event.type) {
    case 'start':
      return start(transcription, event.id, nowMs);
    case 'stop':
      return stop(transcription, event.id, nowMs);
    case 'refused':
      return { transcription: refused(transcription, event.id, nowMs) };
    case 'started':
    case 'stopped':
    case 'failed': {
      const { atMs = transcription.newestEventMs } = event;
      if (atMs < transcription.newestEventMs) return { transcription };
      return { transcription: reported({ ...transcription, newestEventMs: atMs }, event.type, nowMs) };
    }
    case 'callEnded':
      return {
        transcription:
          transcription.state === 'inactive' ? transcription : enter(transcription, 'inactive', nowMs),
      };
  }
}

function start(transcription: Transcription, id: string, nowMs: number): TranscriptionStep {
  const { state, requestId } = transcription;
  const begins =
    state === 'inactive' || state === 'failed' || (state !== 'active' && isOverdue(transcription, nowMs));
  if (begins) return { transcription: { ...enter(transcription, 'starting', nowMs), requestId: id } };
  if (state === 'starting' && requestId === id) return { transcription };
  return { transcription, refusal: 'transcription-already-on' };
}

function stop(transcription: Transcription, id: string, nowMs: number): TranscriptionStep {
  const { state, requestId } = transcription;
  const begins =
    state === 'starting' || state === 'active' || (state === 'stopping' && isOverdue(transcription, nowMs));
  if (begins) return { transcription: { ...enter(transcription, 'stopping', nowMs), requestId: id } };
  if (state === 'stopping' && requestId === id) return { transcription };
  return { transcription, refusal: 'transcription-already-off' };
}

function refused(transcription: Transcription, id: string, nowMs: number): Transcription {
  if (transcription.requestId !== id) return transcription;
  switch (transcription.state) {
    case 'starting':
      return enter(transcription, 'failed', nowMs);
    case 'stopping':
      return enter(transcription, 'active', nowMs);
    case 'inactive':
    case 'active':
    case 'failed':
      return transcription;
  }
}

/** `transcription` already has the event's time. */
function reported(
  transcription: Transcription,
  event: 'started' | 'stopped' | 'failed',
  nowMs: number,
): Transcription {
  const { state } = transcription;
  switch (event) {
    case 'started':
      return state === 'active' || state === 'stopping'
        ? transcription
        : enter(transcription, 'active', nowMs);
    case 'stopped':
      return state === 'inactive' ? transcription : enter(transcription, 'inactive', nowMs);
    case 'failed':
      if (state === 'inactive' || state === 'failed') return transcription;
      return enter(transcription, state === 'stopping' ? 'inactive' : 'failed', nowMs);
  }
}

/** The next state, without members that belong to the previous one. */
function enter({ newestEventMs }: Transcription, state: TranscriptionState, nowMs: number): Transcription {
  return { state, sinceMs: nowMs, newestEventMs };
}

function isOverdue({ sinceMs }: Transcription, nowMs: number): boolean {
  return nowMs - sinceMs >= TRANSCRIPTION_CONFIRM_LIMIT_MS;
}
