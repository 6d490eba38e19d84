import { applyCallback, applyLateCallback } from './callback.ts';
import type { CallEvent } from './event.ts';
import {
  beginHangUp,
  type Call,
  type CallCommand,
  type CallStep,
  continues,
  keep,
  withIds,
} from './model.ts';
import { operationAnswered, operationRefused, operationRequested } from './request.ts';
import { end, giveUp, stream } from './step.ts';
import { enter } from './streaming.ts';
import { confirmEnd, observe, observeEnded, tick } from './time.ts';

/** How long one invocation may take to answer. After that, a redelivered event lets another invocation try. */
const ANSWER_LEASE_MS = 10_000;

/**
 * The life of a call. Every event is accepted in any order and any number of times.
 *
 * ```
 *              IncomingCall             CallConnected                CallDisconnected,
 *   ringing ────────────────▶ answering ─────────────▶ connected ───── CallGone ─────▶ ended
 *     ▲  │                      │  │  │                    ▲                            ▲ │
 *     │  └─ CallConnected ──────│──│──│──▶ connected       │ CallConnected              │ │ a connection
 *     └───── AnswerFailed ──────┘  │  │                    │                            │ │ turns up
 *            (may be tried again)  │  └── final failure ───│── set up for too long ─────┤ │
 *                                  │                    placing ── CreateCallFailed ────┤ ▼
 *                                  └─ IncomingCall after the lease  └─ hung up ──▶ ending
 * ```
 *
 * An answer that seemed to fail may have reached ACS, and CallConnected may arrive before or after the result of the
 * answer. So `ringing` can become `connected`, and the call takes the ids of its connection from whichever event
 * names them first.
 *
 * `ending`: we want the call to end before it was connected, and ACS has a connection for it or soon will. We ask ACS
 * to hang up until it reports that there is none. A call that ended without a known connection becomes `ending` if
 * one turns up. A call that ended by an event becomes `connected` again if ACS, asked once, has it connected. Nothing
 * else leaves `ended`.
 *
 * Streaming, recording, transcription and operations have state machines of their own, in the files of those names.
 * `docs/call-states.md` has every transition.
 */
export function step(call: Call, event: CallEvent, nowMs: number): CallStep {
  if (call.phase === 'ended') return inEnded(call, event, nowMs);
  switch (event.type) {
    case 'IncomingCall':
      return claim(call, event.claim, nowMs);
    case 'AnswerSucceeded':
      return answerSucceeded(call, event, nowMs);
    case 'RejectSucceeded':
      return refused(call, 'rejected', nowMs);
    case 'RedirectSucceeded':
      return refused(call, 'redirected', nowMs);
    case 'AnswerFailed':
      return answerFailed(call, event, nowMs);
    case 'PlaceSucceeded':
      return placeSucceeded(call, event, nowMs);
    case 'PlaceFailed':
      return placeFailed(call, event.reason, nowMs);
    case 'StartRequested':
      return whenConnected(call, () => stream(call, { ...event, type: 'start' }, nowMs));
    case 'StopRequested':
      return whenConnected(call, () => stream(call, { ...event, type: 'stop' }, nowMs));
    case 'RestartRequested':
      return whenConnected(call, () => stream(call, { ...event, type: 'restart' }, nowMs));
    case 'HangUpRequested':
      return hangUpRequested(call, event, nowMs);
    case 'OperationRequested':
      return whenConnected(call, () => operationRequested(call, event, nowMs));
    case 'OperationAnswered':
      return operationAnswered(call, event, nowMs);
    case 'OperationRefused':
      return operationRefused(call, event, nowMs);
    case 'StartFailed':
      return stream(call, { type: 'startFailed', id: event.id, reason: event.reason }, nowMs);
    case 'StopFailed':
      return stream(
        call,
        { type: 'stopFailed', id: event.id, reason: event.reason, assumed: event.assumed ?? false },
        nowMs,
      );
    case 'HangUpFailed': {
      if (!event.isAwaited) return keep(call);
      const { hangUpRequestedAtMs: _, leavesOthers: _others, endedBy: _by, ...rest } = call;
      return keep(rest);
    }
    case 'CallGone':
      return keep(end(call, 'gone', nowMs, 'unknown'));
    case 'StreamLost':
      return whenConnected(call, () =>
        stream(call, { type: 'abandon', id: event.id, reason: event.reason }, nowMs),
      );
    case 'RetryDue':
      return continues(call) ? stream(call, { type: 'retryDue', retry: event.retry }, nowMs) : keep(call);
    case 'Observed':
      return observe(call, event, nowMs);
    case 'Tick':
      return tick(call, nowMs);
    case 'Callback':
      return applyCallback(call, event.callback, nowMs);
  }
}

function inEnded(call: Call, event: CallEvent, nowMs: number): CallStep {
  switch (event.type) {
    case 'StartRequested':
    case 'StopRequested':
    case 'RestartRequested':
    case 'HangUpRequested':
    case 'OperationRequested':
      return { call, commands: [], refusal: 'call-ended' };
    case 'Callback':
      return applyLateCallback(call, event.callback, nowMs);
    case 'AnswerSucceeded':
    case 'PlaceSucceeded': {
      const direction = event.type === 'AnswerSucceeded' ? 'inbound' : 'outbound';
      if (call.callConnectionId !== undefined || call.direction !== direction) return keep(call);
      const { endedAtMs: _, ...known } = withIds(call, event);
      return beginHangUp({ ...known, phase: 'ending' }, nowMs);
    }
    case 'IncomingCall':
    case 'RejectSucceeded':
    case 'RedirectSucceeded':
    case 'AnswerFailed':
    case 'PlaceFailed':
    case 'OperationAnswered':
    case 'OperationRefused':
    case 'StartFailed':
    case 'StopFailed':
    case 'HangUpFailed':
    case 'StreamLost':
    case 'RetryDue':
    case 'Tick':
      return keep(call);
    case 'CallGone':
      return keep(confirmEnd(call));
    case 'Observed':
      return observeEnded(call, event, nowMs);
  }
}

function whenConnected(call: Call, then: () => CallStep): CallStep {
  if (call.phase !== 'connected' || call.callConnectionId === undefined)
    return { call, commands: [], refusal: 'call-not-connected' };
  return then();
}

/** A call that is being placed can be hung up before it is answered. */
function hangUpRequested(
  call: Call,
  { forEveryone = true, by = 'application' }: Extract<CallEvent, { type: 'HangUpRequested' }>,
  nowMs: number,
): CallStep {
  switch (call.phase) {
    case 'placing':
    case 'ending':
      return giveUp(call, 'hung up before it was answered', nowMs, by);
    case 'connected': {
      const { leavesOthers: _, ...rest } = call;
      return beginHangUp(forEveryone ? rest : { ...rest, leavesOthers: true }, nowMs, by);
    }
    case 'ringing':
    case 'answering':
    case 'ended':
      return { call, commands: [], refusal: 'call-not-connected' };
  }
}

function claim(call: Call, by: string, nowMs: number): CallStep {
  const commands: CallCommand[] = [{ type: call.decision }];
  if (call.phase !== 'ringing' && call.phase !== 'answering') return keep(call);
  if (call.answeredAtMs !== undefined) return keep(call);
  // The same invocation asks again if it could not tell whether its first write was stored.
  if (call.claim === by && call.phase === 'answering') return { call, commands };
  if (call.phase === 'answering' && nowMs < (call.leaseUntilMs ?? 0)) return keep(call);
  const { state } = call.streaming;
  const streams =
    call.decision === 'answer' && call.plan.startStreaming && (state === 'inactive' || state === 'starting');
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

function answerSucceeded(
  call: Call,
  event: Extract<CallEvent, { type: 'AnswerSucceeded' }>,
  nowMs: number,
): CallStep {
  if (call.direction !== 'inbound') return keep(call);
  return accepted({ ...call, phase: call.phase === 'ringing' ? 'answering' : call.phase }, event, nowMs);
}

function answerFailed(
  call: Call,
  event: Extract<CallEvent, { type: 'AnswerFailed' }>,
  nowMs: number,
): CallStep {
  if (call.phase !== 'answering' || call.claim !== event.claim || call.answeredAtMs !== undefined)
    return keep(call);
  // If a second attempt is refused, the first one may have got through with its result lost: the call may be
  // connected.
  if (event.final && (call.attempts === 1 || call.decision !== 'answer'))
    return keep(end(call, `${call.decision} failed: ${event.reason}`, nowMs, 'failure'));
  // If the answer did reach ACS, its streaming did too and is still starting.
  const { claim: _claim, leaseUntilMs: _lease, ...rest } = call;
  return keep({ ...rest, phase: 'ringing' });
}

/** Rejected or redirected: the call rings elsewhere, or not at all. */
function refused(call: Call, how: string, nowMs: number): CallStep {
  const isUpToUs = call.phase === 'ringing' || call.phase === 'answering';
  return keep(isUpToUs ? end(call, how, nowMs, 'route') : call);
}

function placeSucceeded(
  call: Call,
  event: Extract<CallEvent, { type: 'PlaceSucceeded' }>,
  nowMs: number,
): CallStep {
  return call.direction === 'outbound' ? accepted(call, event, nowMs) : keep(call);
}

/**
 * The caller of the API learns that placing failed. If ACS placed the call anyway, we hang it up: now if its
 * connection is known, or with the first event that names one.
 */
function placeFailed(call: Call, why: string, nowMs: number): CallStep {
  if (call.direction !== 'outbound') return keep(call);
  const reason = `placing failed: ${why}`;
  if (call.phase === 'connected') return beginHangUp(call, nowMs, 'failure');
  const failed: Call = { ...call, failure: call.failure ?? 'failed' };
  return call.callConnectionId === undefined
    ? keep(end(failed, reason, nowMs, 'failure'))
    : giveUp(failed, reason, nowMs, 'failure');
}

/** ACS has accepted the call. If we want it to end by now, it is hung up. */
function accepted(
  call: Call,
  event: Pick<Call, 'callConnectionId' | 'serverCallId' | 'correlationId'>,
  nowMs: number,
): CallStep {
  const known: Call = { ...withIds(call, event), answeredAtMs: call.answeredAtMs ?? nowMs };
  return call.phase === 'ending' ? beginHangUp(known, nowMs) : keep(known);
}
