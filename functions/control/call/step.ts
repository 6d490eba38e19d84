import type { CallEnder } from '../../../shared/call/states.ts';
import { beginHangUp, type Call, type CallStep, continues } from './model.ts';
import { addOperation, endOperations, OPERATION_LIMIT_MS, type OperationRecord } from './operations.ts';
import { stepRecording } from './recording.ts';
import { enter, type StreamingEvent, type StreamingStep, stepStreaming } from './streaming.ts';
import { stepTranscription } from './transcription.ts';

/** Steps that several parts of the call's state machine share. */

/** `by`: who ended the call, unless somebody has asked for its end. */
export function end(call: Call, reason: string, nowMs: number, by: CallEnder): Call {
  const { claim: _claim, leaseUntilMs: _lease, ...rest } = call;
  return {
    ...rest,
    phase: 'ended',
    streaming: enter(call.streaming, 'inactive', nowMs),
    recording: stepRecording(call.recording, { type: 'callEnded' }, nowMs).recording,
    transcription: stepTranscription(call.transcription, { type: 'callEnded' }, nowMs).transcription,
    operations: endOperations(call.operations, nowMs),
    held: 0,
    endedAtMs: nowMs,
    endReason: call.endReason ?? reason,
    endedBy: call.endedBy ?? by,
  };
}

/** Ends a call that is not connected: ACS is asked to end its connection, again and again until it has. */
export function giveUp(call: Call, reason: string, nowMs: number, by: CallEnder): CallStep {
  const { claim: _claim, leaseUntilMs: _lease, endedAtMs: _ended, ...rest } = call;
  return beginHangUp({ ...rest, phase: 'ending', endReason: call.endReason ?? reason }, nowMs, by);
}

export function stream(call: Call, event: StreamingEvent, nowMs: number): CallStep {
  return withStreaming(call, stepStreaming(call.streaming, event, nowMs), nowMs);
}

/** What a step of the streaming means for the call. */
export function withStreaming(call: Call, made: StreamingStep, nowMs: number): CallStep {
  const { streaming, commands, refusal, gaveUp } = made;
  const next = streaming === call.streaming ? call : { ...call, streaming };
  if (gaveUp && continues(next)) {
    const fallback = startFallback(next, nowMs);
    return { ...fallback, commands: [...commands, ...fallback.commands] };
  }
  return { call: next, commands, ...(refusal === undefined ? {} : { refusal }) };
}

/**
 * What a route says to do with a call whose streaming has failed for good: leave it, hang up, or play something and
 * then hang up. The call stores the choice and that something is playing, so a crash in between changes nothing.
 */

const PREFIX = 'op-fallback-';

function startFallback(call: Call, nowMs: number): CallStep {
  const { onStreamingFailed: choice = 'leave' } = call;
  if (choice === 'leave') return { call, commands: [] };
  if (choice === 'hang-up') return beginHangUp(call, nowMs, 'route');
  const id = `${PREFIX}${nowMs}`;
  const operations = addOperation(call.operations, { id, type: 'play' }, nowMs);
  if (operations === undefined) return beginHangUp(call, nowMs, 'route');
  return {
    call: { ...call, operations },
    commands: [{ type: 'operate', id, operation: { type: 'play', source: choice.play } }],
  };
}

/** Hangs up if the announcement is over and there is still no stream; otherwise the step as it is. */
export function finishFallback(made: CallStep, nowMs: number): CallStep {
  const { call } = made;
  const last = call.operations.findLast(({ id }) => id.startsWith(PREFIX));
  if (last === undefined || !isOver(last, nowMs)) return made;
  if (call.streaming.state !== 'failed' || call.streaming.retryAtMs !== undefined || !continues(call))
    return made;
  const { call: ending, commands } = beginHangUp(call, nowMs, 'route');
  return { ...made, call: ending, commands: [...made.commands, ...commands] };
}

/** The announcement was played, failed, or has had no result for so long that ACS was probably never asked for it. */
function isOver({ state, requestedAtMs }: OperationRecord, nowMs: number): boolean {
  return state !== 'pending' || nowMs - requestedAtMs >= OPERATION_LIMIT_MS;
}
