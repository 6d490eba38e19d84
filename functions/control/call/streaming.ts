import type { STREAMING_STATES } from '../../../shared/call/states.ts';
import type { StreamingRequest } from './event.ts';

type StreamingState = (typeof STREAMING_STATES)[number];

/**
 * The streaming of one call's audio.
 *
 * ```
 *             start                Started
 *  inactive ─────────▶ starting ───────────▶ active
 *     ▲  ▲               │  ▲                 │  │
 *     │  │        Failed │  │ retry, start    │  │ stop (from starting too)
 *     │  │               ▼  │                 │  ▼
 *     │  └──── stop ─── failed ◀── Failed ────┘ stopping
 *     └───────────────── Stopped, Failed ────────┘
 *                starting ◀── Stopped, Failed ── stopping, where it was a restart
 * ```
 *
 * Every state becomes `inactive` with Stopped and when the call ends, and `active` with Started (except `stopping`,
 * which waits for its end). A stream that no relay can use any more is abandoned: `failed`, whatever ACS says of it,
 * until a start or a stop is requested.
 */
export interface Streaming {
  readonly state: StreamingState;
  /** When this state began, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Automatic starts in a row without a stable stream in between. */
  readonly retries: number;
  /** When restarts were accepted within `RESTART_WINDOW_MS`, oldest first. */
  readonly restartsMs?: readonly number[];
  /** The time of the newest streaming event applied, by the clock of ACS. An older event is late and ignored. */
  readonly newestEventMs: number;
  /** `starting`, `stopping`: the request that led here. */
  readonly requestId?: string;
  /** `stopping`: the state to return to if ACS refuses to stop. */
  readonly from?: 'starting' | 'active';
  /** `stopping`: start again once stopped. It is stored with the call, so that no invocation has to wait. */
  readonly restart?: true;
  /** `starting`: the start of a restart. No caller waits for it, so it is retried like an automatic start. */
  readonly again?: true;
  /** `failed`: when to start again; undefined once given up. */
  readonly retryAtMs?: number;
  /** `failed`: why. */
  readonly reason?: string;
  /** `failed`: ACS may still stream to nobody, and is to stop. `requestId` is the request to stop. */
  readonly abandoned?: true;
}

/** One request to ACS. */
export type StreamingOperation =
  | { readonly type: 'startMediaStreaming'; readonly id: string; readonly operationContext?: string }
  | { readonly type: 'stopMediaStreaming'; readonly id: string; readonly operationContext?: string };

export type StreamingCommand =
  | StreamingOperation
  /** Wait until `atMs`, then report `RetryDue` with this number. */
  | { readonly type: 'scheduleRetry'; readonly retry: number; readonly atMs: number };

export type StreamingRefusal =
  | 'streaming-already-on'
  | 'streaming-already-off'
  | 'streaming-stopping'
  /** Streaming was restarted too often lately: see `restartWaitMs`. */
  | 'too-many-requests';

/** What ACS reports. */
type StreamingConfirmation =
  | { readonly type: 'started'; readonly atMs: number | undefined }
  | { readonly type: 'stopped'; readonly atMs: number | undefined }
  /** `retry`: whether the call goes on, so that a restart makes sense. */
  | {
      readonly type: 'failed';
      readonly atMs: number | undefined;
      readonly reason: string;
      readonly retry: boolean;
    };

export type StreamingEvent =
  | ({ readonly type: 'start' | 'stop' | 'restart' } & StreamingRequest)
  | { readonly type: 'startFailed'; readonly id: string; readonly reason: string }
  /** `assumed`: ACS did not answer, and may have stopped it. */
  | {
      readonly type: 'stopFailed';
      readonly id: string;
      readonly reason: string;
      readonly assumed: boolean;
    }
  | StreamingConfirmation
  /** A relay has given up the stream. */
  | { readonly type: 'abandon'; readonly id: string; readonly reason: string }
  | { readonly type: 'retryDue'; readonly retry: number };

export interface StreamingStep {
  readonly streaming: Streaming;
  readonly commands: readonly StreamingCommand[];
  readonly refusal?: StreamingRefusal;
  /** Streaming failed and is not restarted automatically. */
  readonly gaveUp?: true;
}

/** Pauses before the automatic starts after MediaStreamingFailed. Their number is the bound. */
export const RETRY_PAUSES_MS: readonly number[] = [200, 1_000, 3_000];

/** A stream that lasted this long was stable: the next failure gets all its retries. */
const STABLE_STREAM_MS = 30_000;

/** A start or stop that ACS has not confirmed after this long no longer blocks another one. */
export const CONFIRM_LIMIT_MS = 15_000;

/** Restarts of a call are at least this far apart: less than a relay waits, whose clock and way here differ. */
const RESTART_PAUSE_MS = 2_000;
/** Restarts of a call within the window. Each is a gap that people hear. */
const MAX_RESTARTS = 3;
const RESTART_WINDOW_MS = 60_000;

export const NO_STREAMING: Streaming = { state: 'inactive', sinceMs: 0, retries: 0, newestEventMs: 0 };

export function stepStreaming(streaming: Streaming, event: StreamingEvent, nowMs: number): StreamingStep {
  switch (event.type) {
    case 'start':
      return start(streaming, event, nowMs);
    case 'stop':
      return stop(streaming, event, nowMs);
    case 'restart':
      return restart(streaming, event, nowMs);
    case 'startFailed':
      if (streaming.state !== 'starting' || streaming.requestId !== event.id) return only(streaming);
      return streaming.retries === 0 && !streaming.again
        ? only({ ...enter(streaming, 'failed', nowMs), reason: event.reason })
        : failAndRetry(streaming, event.reason, nowMs);
    case 'stopFailed':
      if (streaming.state !== 'stopping' || streaming.requestId !== event.id) return only(streaming);
      // Only the call remembers that streaming should start again.
      if (streaming.restart && event.assumed) return only(streaming);
      return only(enter(streaming, streaming.from ?? 'active', nowMs));
    case 'started':
    case 'stopped':
    case 'failed':
      if ((event.atMs ?? streaming.newestEventMs) < streaming.newestEventMs) return only(streaming);
      return confirm({ ...streaming, newestEventMs: event.atMs ?? streaming.newestEventMs }, event, nowMs);
    case 'abandon':
      return abandon(streaming, event, nowMs);
    case 'retryDue':
      return retry(streaming, event.retry, nowMs);
  }
}

function start(streaming: Streaming, request: StreamingRequest, nowMs: number): StreamingStep {
  const begin = (): StreamingStep => ({
    streaming: { ...enter(streaming, 'starting', nowMs), retries: 0, requestId: request.id },
    commands: [command('startMediaStreaming', request)],
  });
  switch (streaming.state) {
    case 'inactive':
    case 'failed':
      return begin();
    case 'starting':
      if (streaming.requestId === request.id)
        return { streaming, commands: [command('startMediaStreaming', request)] };
      return isOverdue(streaming, nowMs) ? begin() : refuse(streaming, 'streaming-already-on');
    case 'active':
      return refuse(streaming, 'streaming-already-on');
    case 'stopping':
      return isOverdue(streaming, nowMs) ? begin() : refuse(streaming, 'streaming-stopping');
  }
}

function stop(streaming: Streaming, request: StreamingRequest, nowMs: number): StreamingStep {
  const begin = (from: 'starting' | 'active'): StreamingStep => ({
    streaming: { ...enter(streaming, 'stopping', nowMs), from, requestId: request.id },
    commands: [command('stopMediaStreaming', request)],
  });
  switch (streaming.state) {
    case 'starting':
    case 'active':
      return begin(streaming.state);
    case 'stopping':
      if (streaming.requestId === request.id)
        return { streaming, commands: [command('stopMediaStreaming', request)] };
      if (streaming.restart) {
        const { restart: _, ...rest } = streaming;
        return only(rest);
      }
      return isOverdue(streaming, nowMs)
        ? begin(streaming.from ?? 'active')
        : refuse(streaming, 'streaming-already-off');
    case 'failed':
      // Nothing streams: this cancels the next automatic start.
      return only(enter(streaming, 'inactive', nowMs));
    case 'inactive':
      return refuse(streaming, 'streaming-already-off');
  }
}

/** Without a stream there is nothing to restart: a failed stream has its own retries. */
function restart(streaming: Streaming, request: StreamingRequest, nowMs: number): StreamingStep {
  switch (streaming.state) {
    case 'starting':
    case 'active': {
      if (restartWaitMs(streaming, nowMs) > 0) return refuse(streaming, 'too-many-requests');
      const stopping = stop(streaming, request, nowMs);
      const restartsMs = [...recentRestarts(streaming, nowMs), nowMs];
      return { ...stopping, streaming: { ...stopping.streaming, restart: true, restartsMs } };
    }
    case 'stopping':
      if (!streaming.restart) return refuse(streaming, 'streaming-stopping');
      return streaming.requestId === request.id
        ? { streaming, commands: [command('stopMediaStreaming', request)] }
        : only(streaming);
    case 'inactive':
    case 'failed':
      return refuse(streaming, 'streaming-already-off');
  }
}

/** How many milliseconds later the streaming of the call may be restarted; 0 if it may be now. */
export function restartWaitMs(streaming: Streaming, nowMs: number): number {
  const recent = recentRestarts(streaming, nowMs);
  const pauseEndsMs = (recent.at(-1) ?? Number.NEGATIVE_INFINITY) + RESTART_PAUSE_MS;
  const windowEndsMs = (recent.at(-MAX_RESTARTS) ?? Number.NEGATIVE_INFINITY) + RESTART_WINDOW_MS;
  return Math.max(0, pauseEndsMs - nowMs, windowEndsMs - nowMs);
}

/** Instances of the app have clocks of their own, so a restart may be dated a little ahead: it counts as of now. */
function recentRestarts({ restartsMs = [] }: Streaming, nowMs: number): readonly number[] {
  return restartsMs.map((atMs) => Math.min(atMs, nowMs)).filter((atMs) => nowMs - atMs < RESTART_WINDOW_MS);
}

/** Streaming that is stopping, or has failed, takes its own course. */
function abandon(
  streaming: Streaming,
  { id, reason }: Extract<StreamingEvent, { type: 'abandon' }>,
  nowMs: number,
): StreamingStep {
  if (streaming.state !== 'starting' && streaming.state !== 'active') return only(streaming);
  return {
    streaming: { ...enter(streaming, 'failed', nowMs), reason, requestId: id, abandoned: true },
    commands: [{ type: 'stopMediaStreaming', id }],
    gaveUp: true,
  };
}

/** The stop of a restart is complete. It was requested, so if the start fails the shortest pause comes first. */
export function startAgain(streaming: Streaming, nowMs: number): StreamingStep {
  const id = `again-${streaming.requestId}`;
  return {
    streaming: { ...enter(streaming, 'starting', nowMs), retries: 0, requestId: id, again: true },
    commands: [{ type: 'startMediaStreaming', id }],
  };
}

/** Applies what ACS reports. `streaming` already has the event's time. */
function confirm(streaming: Streaming, event: StreamingConfirmation, nowMs: number): StreamingStep {
  if (streaming.abandoned) return only(streaming);
  switch (event.type) {
    case 'started':
      if (streaming.state === 'active') return only(streaming);
      if (streaming.state === 'stopping') return only({ ...streaming, from: 'active' });
      return only(enter(streaming, 'active', nowMs));
    case 'stopped':
      if (streaming.restart) return startAgain(streaming, nowMs);
      return only(streaming.state === 'inactive' ? streaming : enter(streaming, 'inactive', nowMs));
    case 'failed':
      switch (streaming.state) {
        case 'inactive':
        case 'failed':
          return only(streaming);
        case 'stopping':
          return streaming.restart && event.retry
            ? startAgain(streaming, nowMs)
            : only(enter(streaming, 'inactive', nowMs));
        case 'starting':
        case 'active': {
          if (!event.retry) return only({ ...enter(streaming, 'failed', nowMs), reason: event.reason });
          const wasStable = streaming.state === 'active' && nowMs - streaming.sinceMs >= STABLE_STREAM_MS;
          return failAndRetry(wasStable ? { ...streaming, retries: 0 } : streaming, event.reason, nowMs);
        }
      }
  }
}

/** Streaming has failed. It starts again after a pause, as long as pauses are left. */
export function failAndRetry(streaming: Streaming, reason: string, nowMs: number): StreamingStep {
  const failed: Streaming = { ...enter(streaming, 'failed', nowMs), reason };
  const pauseMs = RETRY_PAUSES_MS[streaming.retries];
  if (pauseMs === undefined) return { ...only(failed), gaveUp: true };
  const retryAtMs = nowMs + pauseMs;
  return {
    streaming: { ...failed, retryAtMs },
    commands: [{ type: 'scheduleRetry', retry: streaming.retries + 1, atMs: retryAtMs }],
  };
}

function retry(streaming: Streaming, number: number, nowMs: number): StreamingStep {
  const { state, retryAtMs, retries } = streaming;
  if (state !== 'failed' || retryAtMs === undefined || nowMs < retryAtMs || number !== retries + 1)
    return only(streaming);
  const id = `retry-${number}-${retryAtMs}`;
  return {
    streaming: { ...enter(streaming, 'starting', nowMs), retries: number, requestId: id },
    commands: [{ type: 'startMediaStreaming', id }],
  };
}

/** The next state, without members that belong to the previous one. */
export function enter(streaming: Streaming, state: StreamingState, nowMs: number): Streaming {
  const { retries, newestEventMs, restartsMs } = streaming;
  const restarts = restartsMs === undefined ? {} : { restartsMs };
  return { state, sinceMs: nowMs, retries, newestEventMs, ...restarts };
}

/** Whether ACS has not confirmed the last start or stop in time. */
function isOverdue(streaming: Streaming, nowMs: number): boolean {
  return nowMs - streaming.sinceMs >= CONFIRM_LIMIT_MS;
}

function command(
  type: 'startMediaStreaming' | 'stopMediaStreaming',
  { id, operationContext }: StreamingRequest,
): StreamingCommand {
  return { type, id, ...(operationContext === undefined ? {} : { operationContext }) };
}

function only(streaming: Streaming): StreamingStep {
  return { streaming, commands: [] };
}

function refuse(streaming: Streaming, refusal: StreamingRefusal): StreamingStep {
  return { streaming, commands: [], refusal };
}
