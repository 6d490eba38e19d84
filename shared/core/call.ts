import type { Callback, CallEvent } from './call-event.ts';
import {
  enter,
  NO_STREAMING,
  type Streaming,
  type StreamingCommand,
  type StreamingEvent,
  type StreamingOperation,
  type StreamingRefusal,
  stepStreaming,
} from './call-streaming.ts';
import type { CallPlan } from './plan.ts';

export type CallPhase = 'ringing' | 'answering' | 'connected' | 'ended';

/** One call, as it is stored: plain JSON. Times are milliseconds since the epoch. */
export interface Call {
  readonly callId: string;
  readonly phase: CallPhase;
  readonly streaming: Streaming;
  readonly route: string;
  readonly decision: 'answer' | 'reject';
  readonly plan: CallPlan;
  /** Caller and called as they may be shown: the last four characters only. */
  readonly from: string;
  readonly to: string;
  readonly receivedAtMs: number;
  /** When the ticket ends, and with it the longest this call may last. */
  readonly expiresAtMs: number;
  /** `answering`: which invocation acts on the call, and until when nobody else may. */
  readonly claim?: string;
  readonly leaseUntilMs?: number;
  /** How often somebody took it on to answer. */
  readonly attempts: number;
  readonly answeredAtMs?: number;
  readonly connectedAtMs?: number;
  readonly endedAtMs?: number;
  readonly endReason?: string;
  readonly hangUpRequestedAtMs?: number;
  readonly callConnectionId?: string;
  readonly serverCallId?: string;
  readonly correlationId?: string;
  /** Ids of the callback events applied last, the newest at the end: each is applied once. */
  readonly seenEvents: readonly string[];
}

/** Commands that are one request to ACS about a connected call. */
export type ConnectionCommand = { readonly type: 'hangUp' } | StreamingOperation;

export type CallCommand =
  | { readonly type: 'answer' }
  | { readonly type: 'reject' }
  | ConnectionCommand
  | StreamingCommand;

/** Why a request is refused in the present state. */
export type CallRefusal = 'call-ended' | 'call-not-connected' | StreamingRefusal;

export interface CallStep {
  readonly call: Call;
  readonly commands: readonly CallCommand[];
  readonly refusal?: CallRefusal;
  /** Why an event had no effect, where that is worth a note in the timeline. */
  readonly ignored?: 'duplicate' | 'call ended' | 'another connection';
}

/** How long one invocation may take to answer before a redelivered event lets another one try. */
export const ANSWER_LEASE_MS = 10_000;

/** A call that is neither connected nor given up by then was left behind. */
export const SETUP_LIMIT_MS = 120_000;

/** How long after asking ACS to hang up CallDisconnected may take before it is asked again. */
export const HANG_UP_LIMIT_MS = 120_000;

/** How long after its longest allowed time a call of which nothing is heard is taken for ended. */
export const LOST_AFTER_MS = 600_000;

/** How late the automatic start of streaming may be before somebody other than the callback's handler makes it. */
export const RETRY_GRACE_MS = 5_000;

/** Bound of `Call.seenEvents`: far more than ACS sends within the time in which it repeats one. */
export const SEEN_EVENTS = 64;

export type NewCall = Pick<
  Call,
  'callId' | 'route' | 'decision' | 'plan' | 'from' | 'to' | 'receivedAtMs' | 'expiresAtMs'
>;

/** A call that rings and that nobody has acted on. */
export function newCall(fields: NewCall): Call {
  return { ...fields, phase: 'ringing', streaming: NO_STREAMING, attempts: 0, seenEvents: [] };
}

/**
 * The life of a call. Nothing leaves `ended`; every other event is accepted in any order and any number of times.
 *
 * ```
 *              IncomingCall             CallConnected              CallDisconnected,
 *   ringing ────────────────▶ answering ─────────────▶ connected ──── CallGone ────▶ ended
 *     ▲  │                      │  │  │                                               ▲
 *     │  └─ CallConnected ──────│──│──│──▶ connected                                  │
 *     └───── AnswerFailed ──────┘  │  └── AnswerFailed (final), RejectSucceeded, ─────┤
 *            (may be tried again)  │      CallDisconnected, set up for too long       │
 *                                  └─ IncomingCall after the lease: answering again
 * ```
 *
 * An answer that seemed to fail may have reached ACS, and its CallConnected may come before or after the answer's own result:
 * so `ringing` becomes `connected` too, and the connection's ids are taken from whichever names them first.
 * The streaming of the audio is a machine of its own (`call-streaming.ts`), which runs from the answer to the end.
 */
export function step(call: Call, event: CallEvent, nowMs: number): CallStep {
  if (call.phase === 'ended') return inEnded(call, event);
  switch (event.type) {
    case 'IncomingCall':
      return claim(call, event.claim, nowMs);
    case 'AnswerSucceeded':
      return keep({
        ...withIds(call, event),
        phase: call.phase === 'ringing' ? 'answering' : call.phase,
        answeredAtMs: call.answeredAtMs ?? nowMs,
      });
    case 'RejectSucceeded':
      return keep(end(call, 'rejected', nowMs));
    case 'AnswerFailed':
      return answerFailed(call, event, nowMs);
    case 'StartRequested':
      return whenConnected(call, () => stream(call, { ...event, type: 'start' }, nowMs));
    case 'StopRequested':
      return whenConnected(call, () => stream(call, { ...event, type: 'stop' }, nowMs));
    case 'RestartRequested':
      return whenConnected(call, () => stream(call, { ...event, type: 'restart' }, nowMs));
    case 'HangUpRequested':
      return whenConnected(call, () => hangUp(call, nowMs));
    case 'StartFailed':
      return stream(call, { type: 'startFailed', id: event.id, reason: event.reason }, nowMs);
    case 'StopFailed':
      return stream(call, { type: 'stopFailed', id: event.id, reason: event.reason }, nowMs);
    case 'HangUpFailed': {
      const { hangUpRequestedAtMs: _, ...rest } = call;
      return keep(rest);
    }
    case 'CallGone':
      return keep(end(call, 'gone', nowMs));
    case 'RetryDue':
      return canRetry(call) ? stream(call, { type: 'retryDue', retry: event.retry }, nowMs) : keep(call);
    case 'Tick':
      return tick(call, nowMs);
    case 'Callback':
      return callback(call, event.callback, nowMs);
  }
}

function inEnded(call: Call, event: CallEvent): CallStep {
  switch (event.type) {
    case 'StartRequested':
    case 'StopRequested':
    case 'RestartRequested':
    case 'HangUpRequested':
      return { call, commands: [], refusal: 'call-ended' };
    case 'Callback':
      return { call, commands: [], ignored: 'call ended' };
    case 'IncomingCall':
    case 'AnswerSucceeded':
    case 'RejectSucceeded':
    case 'AnswerFailed':
    case 'StartFailed':
    case 'StopFailed':
    case 'HangUpFailed':
    case 'CallGone':
    case 'RetryDue':
    case 'Tick':
      return keep(call);
  }
}

function claim(call: Call, by: string, nowMs: number): CallStep {
  const commands: CallCommand[] = [{ type: call.decision }];
  if (call.phase === 'connected' || call.answeredAtMs !== undefined) return keep(call);
  // The same invocation asks again when it could not tell whether its first write was stored.
  if (call.claim === by && call.phase === 'answering') return { call, commands };
  if (call.phase === 'answering' && nowMs < (call.leaseUntilMs ?? 0)) return keep(call);
  const streams =
    call.decision === 'answer' && call.plan.startStreaming && call.streaming.state === 'inactive';
  return {
    call: {
      ...call,
      phase: 'answering',
      claim: by,
      leaseUntilMs: nowMs + ANSWER_LEASE_MS,
      attempts: call.attempts + 1,
      streaming: streams ? { ...enter(call.streaming, 'starting', nowMs), requestId: by } : call.streaming,
    },
    commands,
  };
}

function answerFailed(
  call: Call,
  event: Extract<CallEvent, { type: 'AnswerFailed' }>,
  nowMs: number,
): CallStep {
  if (call.phase !== 'answering' || call.claim !== event.claim || call.answeredAtMs !== undefined)
    return keep(call);
  // A refusal of a second attempt may only mean that the first one, whose result was lost, had got through.
  if (event.final && call.attempts === 1) return keep(end(call, `answer failed: ${event.reason}`, nowMs));
  const { claim: _claim, leaseUntilMs: _lease, ...rest } = call;
  const streaming =
    call.streaming.state === 'starting' ? enter(call.streaming, 'inactive', nowMs) : call.streaming;
  return keep({ ...rest, phase: 'ringing', streaming });
}

function whenConnected(call: Call, then: () => CallStep): CallStep {
  if (call.phase !== 'connected' || call.callConnectionId === undefined)
    return { call, commands: [], refusal: 'call-not-connected' };
  return then();
}

function hangUp(call: Call, nowMs: number): CallStep {
  return { call: { ...call, hangUpRequestedAtMs: nowMs }, commands: [{ type: 'hangUp' }] };
}

function stream(call: Call, event: StreamingEvent, nowMs: number): CallStep {
  const { streaming, commands, refusal } = stepStreaming(call.streaming, event, nowMs);
  return {
    call: streaming === call.streaming ? call : { ...call, streaming },
    commands,
    ...(refusal === undefined ? {} : { refusal }),
  };
}

function callback(call: Call, event: Callback, nowMs: number): CallStep {
  if (event.kind === 'other') return keep(call);
  if (call.seenEvents.includes(event.id)) return { call, commands: [], ignored: 'duplicate' };
  if (
    call.callConnectionId !== undefined &&
    event.callConnectionId !== undefined &&
    call.callConnectionId !== event.callConnectionId
  )
    return { call, commands: [], ignored: 'another connection' };
  const seenEvents = [...call.seenEvents, event.id].slice(-SEEN_EVENTS);
  return applyCallback({ ...withIds(call, event), seenEvents }, event, event.kind, nowMs);
}

function applyCallback(
  call: Call,
  event: Callback,
  kind: Exclude<Callback['kind'], 'other'>,
  nowMs: number,
): CallStep {
  switch (kind) {
    case 'CallConnected': {
      const connected: Call = {
        ...call,
        phase: 'connected',
        connectedAtMs: call.connectedAtMs ?? nowMs,
      };
      return { call: connected, commands: pendingRetry(connected, nowMs) };
    }
    case 'CallDisconnected':
      return keep(end(call, event.reason ?? 'disconnected', nowMs));
    case 'AnswerFailed':
      if (call.phase === 'connected') return keep(call);
      return keep(end(call, `answer failed: ${event.reason ?? 'no reason given'}`, nowMs));
    case 'MediaStreamingStarted':
      return stream(call, { type: 'started', atMs: event.atMs }, nowMs);
    case 'MediaStreamingStopped':
      return stream(call, { type: 'stopped', atMs: event.atMs }, nowMs);
    case 'MediaStreamingFailed': {
      const failed = stream(
        call,
        {
          type: 'failed',
          atMs: event.atMs,
          reason: event.reason ?? 'no reason given',
          retry: call.hangUpRequestedAtMs === undefined,
        },
        nowMs,
      );
      // Before CallConnected there is nothing to start on: the pause then begins with it.
      return call.phase === 'connected' ? failed : { ...failed, commands: [] };
    }
  }
}

function pendingRetry(call: Call, nowMs: number): CallCommand[] {
  const { state, retryAtMs, retries } = call.streaming;
  if (state !== 'failed' || retryAtMs === undefined) return [];
  return [{ type: 'scheduleRetry', retry: retries + 1, atMs: Math.max(nowMs, retryAtMs) }];
}

function canRetry(call: Call): boolean {
  return (
    call.phase === 'connected' &&
    call.callConnectionId !== undefined &&
    call.hangUpRequestedAtMs === undefined
  );
}

function tick(call: Call, nowMs: number): CallStep {
  if (call.phase === 'ringing' || call.phase === 'answering') {
    if (nowMs - call.receivedAtMs < SETUP_LIMIT_MS) return keep(call);
    const commands: CallCommand[] = call.callConnectionId === undefined ? [] : [{ type: 'hangUp' }];
    return { call: end(call, 'not connected in time', nowMs), commands };
  }
  if (nowMs >= call.expiresAtMs + LOST_AFTER_MS) return keep(end(call, 'lost', nowMs));
  const askedAtMs = call.hangUpRequestedAtMs;
  const isOver = nowMs >= call.expiresAtMs || askedAtMs !== undefined;
  if (isOver && nowMs - (askedAtMs ?? 0) >= HANG_UP_LIMIT_MS) return hangUp(call, nowMs);
  const { retryAtMs, retries } = call.streaming;
  if (canRetry(call) && retryAtMs !== undefined && nowMs >= retryAtMs + RETRY_GRACE_MS)
    return stream(call, { type: 'retryDue', retry: retries + 1 }, nowMs);
  return keep(call);
}

function end(call: Call, reason: string, nowMs: number): Call {
  const { claim: _claim, leaseUntilMs: _lease, ...rest } = call;
  const streaming = enter(call.streaming, 'inactive', nowMs);
  return { ...rest, phase: 'ended', streaming, endedAtMs: nowMs, endReason: reason };
}

type Ids = Pick<Call, 'callConnectionId' | 'serverCallId' | 'correlationId'>;

/** The ids that the call has, completed by those of the event. */
function withIds(call: Call, event: Ids): Call {
  const ids: { -readonly [name in keyof Ids]: Ids[name] } = {};
  for (const name of ['callConnectionId', 'serverCallId', 'correlationId'] as const) {
    const value = call[name] ?? event[name];
    if (value !== undefined) ids[name] = value;
  }
  return { ...call, ...ids };
}

function keep(call: Call): CallStep {
  return { call, commands: [] };
}
