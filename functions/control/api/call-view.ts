import type { CallView, TimelineEntryView } from '../../../shared/wire/api/call-schema.ts';
import type { Call } from '../call/model.ts';
import type { TimelineEntry } from '../call/stores.ts';

/**
 * A call as the HTTP API shows it. Times are milliseconds since the epoch; `from` and `to` show the last four
 * characters.
 */
export function callView(call: Call): CallView {
  const { state, sinceMs, retries, reason } = call.streaming;
  return {
    callId: call.callId,
    direction: call.direction,
    state: call.phase,
    streaming: { state, sinceMs, retries, reason },
    recording: { state: call.recording.state, recordingId: call.recording.recordingId },
    transcription: { state: call.transcription.state },
    held: call.held,
    operations: call.operations.map(
      ({ id, type, state, requestedAtMs, settledAtMs, reason, invitationId }) => ({
        id,
        type,
        state,
        requestedAtMs,
        settledAtMs,
        reason,
        invitationId,
      }),
    ),
    route: call.route,
    decision: call.decision,
    plan: call.plan,
    from: call.from,
    to: call.to,
    receivedAtMs: call.receivedAtMs,
    answeredAtMs: call.answeredAtMs,
    connectedAtMs: call.connectedAtMs,
    transferredAtMs: call.transferredAtMs,
    endedAtMs: call.endedAtMs,
    endReason: call.endReason,
    endedBy: call.endedBy,
    failure: call.failure,
    callConnectionId: call.callConnectionId,
    serverCallId: call.serverCallId,
    correlationId: call.correlationId,
  };
}

export function timelineView({ id, atMs, source, type, details }: TimelineEntry): TimelineEntryView {
  return { id, atMs, source, type, details };
}
