import { applyCallback, applyLateCallback } from './callback.ts';
import type { CallEvent } from './event.ts';
import { continues, hangUp } from './hang-up.ts';
import { type Call, type CallStep, withIds } from './model.ts';
import { operationAnswered, operationRefused, requestOperation } from './request.ts';
import { answerFailed, answerSucceeded, claim, placeFailed, placeSucceeded, turnedAway } from './setup.ts';
import { end, giveUp, keep, stream } from './step.ts';
import { observe, tick } from './time.ts';

export * from './model.ts';
export { ANSWER_LEASE_MS } from './setup.ts';
export {
  COMPARE_AFTER_MS,
  HANG_UP_LIMIT_MS,
  isDueForComparison,
  LOST_AFTER_MS,
  RETRY_GRACE_MS,
  SETUP_LIMIT_MS,
} from './time.ts';

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
 * An answer that seemed to fail may have reached ACS, and its CallConnected may come before or after the answer's own result:
 * so `ringing` becomes `connected` too, and the connection's ids are taken from whichever names them first.
 *
 * `ending`: the call is to be over before it was connected, and ACS knows a connection of it, or is about to: it is asked to hang up until it
 * says that there is none. A call that ends without a known connection goes there when one turns up. Nothing else leaves `ended`.
 *
 * Streaming, recording, transcription and operations are machines of their own (`call-streaming.ts` and its neighbours).
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
      return turnedAway(call, 'rejected', nowMs);
    case 'RedirectSucceeded':
      return turnedAway(call, 'redirected', nowMs);
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
      return hangUpRequested(call, event.forEveryone ?? true, nowMs);
    case 'OperationRequested':
      return whenConnected(call, () => requestOperation(call, event.id, event.operation, nowMs));
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
      const { hangUpRequestedAtMs: _, leavesOthers: _others, ...rest } = call;
      return keep(rest);
    }
    case 'CallGone':
      return keep(end(call, 'gone', nowMs));
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
      return hangUp({ ...known, phase: 'ending' }, nowMs);
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
    case 'CallGone':
    case 'RetryDue':
    case 'Observed':
    case 'Tick':
      return keep(call);
  }
}

function whenConnected(call: Call, then: () => CallStep): CallStep {
  if (call.phase !== 'connected' || call.callConnectionId === undefined)
    return { call, commands: [], refusal: 'call-not-connected' };
  return then();
}

/** A call that is being placed can be hung up before anybody answers. */
function hangUpRequested(call: Call, forEveryone: boolean, nowMs: number): CallStep {
  switch (call.phase) {
    case 'placing':
    case 'ending':
      return giveUp(call, 'hung up before it was answered', nowMs);
    case 'connected': {
      const { leavesOthers: _, ...rest } = call;
      return hangUp(forEveryone ? rest : { ...rest, leavesOthers: true }, nowMs);
    }
    case 'ringing':
    case 'answering':
    case 'ended':
      return { call, commands: [], refusal: 'call-not-connected' };
  }
}
