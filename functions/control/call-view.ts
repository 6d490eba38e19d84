import type { Call } from '../../shared/core/call.ts';
import type { TimelineEntry } from '../../shared/core/call-store.ts';

/** A call as the HTTP API shows it. Times are milliseconds since the epoch; `from` and `to` their last four characters. */
export function callView(call: Call): Record<string, unknown> {
  const { state, sinceMs, retries, reason } = call.streaming;
  return {
    callId: call.callId,
    state: call.phase,
    streaming: { state, sinceMs, retries, reason },
    route: call.route,
    decision: call.decision,
    plan: call.plan,
    from: call.from,
    to: call.to,
    receivedAtMs: call.receivedAtMs,
    answeredAtMs: call.answeredAtMs,
    connectedAtMs: call.connectedAtMs,
    endedAtMs: call.endedAtMs,
    endReason: call.endReason,
    callConnectionId: call.callConnectionId,
    serverCallId: call.serverCallId,
    correlationId: call.correlationId,
  };
}

export function timelineView({ id, atMs, source, type, details }: TimelineEntry): Record<string, unknown> {
  return { id, atMs, source, type, details };
}
