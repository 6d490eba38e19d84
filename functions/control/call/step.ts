import { beginHangUp, type Call, type CallCommand, type CallStep, continues } from './model.ts';
import { addOperation, endOperations, OPERATION_LIMIT_MS, type OperationRecord } from './operations.ts';
import { stepRecording } from './recording.ts';
import { enter, type StreamingEvent, type StreamingStep, stepStreaming } from './streaming.ts';
import { stepTranscription } from './transcription.ts';

/** Steps that the parts of the call's state machine have in common. */

export function end(call: Call, reason: string, nowMs: number): Call {
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
  };
}

/** The call is to be over: ACS is asked to end what there is of it, and asked again until it has. */
export function giveUp(call: Call, reason: string, nowMs: number): CallStep {
  const { claim: _claim, leaseUntilMs: _lease, endedAtMs: _ended, ...rest } = call;
  return beginHangUp({ ...rest, phase: 'ending', endReason: call.endReason ?? reason }, nowMs);
}

export function stream(call: Call, event: StreamingEvent, nowMs: number): CallStep {
  return withStreaming(call, stepStreaming(call.streaming, event, nowMs), nowMs);
}

/** What becomes of the call when its streaming has made a step. */
export function withStreaming(call: Call, made: StreamingStep, nowMs: number): CallStep {
  const { streaming, commands, refusal, gaveUp } = made;
  const next = streaming === call.streaming ? call : { ...call, streaming };
  if (gaveUp && continues(next)) return startFallback(next, nowMs);
  return { call: next, commands, ...(refusal === undefined ? {} : { refusal }) };
}

/** What is due once a call is connected whose streaming failed before. */
export function pendingRetry(call: Call, nowMs: number): CallCommand[] {
  const { state, retryAtMs, retries } = call.streaming;
  if (state !== 'failed' || retryAtMs === undefined) return [];
  return [{ type: 'scheduleRetry', retry: retries + 1, atMs: Math.max(nowMs, retryAtMs) }];
}

/**
 * What a route says to do with a call whose streaming has failed for good: leave it, hang it up, or play something and then hang it up.
 * The choice is kept with the call, and so is that something is being played, so that a crash in between changes nothing.
 */

const PREFIX = 'op-fallback-';

export function startFallback(call: Call, nowMs: number): CallStep {
  const { onStreamingFailed: choice = 'leave' } = call;
  if (choice === 'leave') return { call, commands: [] };
  if (choice === 'hang-up') return beginHangUp(call, nowMs);
  const id = `${PREFIX}${nowMs}`;
  const operations = addOperation(call.operations, { id, type: 'play' }, nowMs);
  if (operations === undefined) return beginHangUp(call, nowMs);
  return {
    call: { ...call, operations },
    commands: [{ type: 'operate', id, operation: { type: 'play', source: choice.play } }],
  };
}

/** The step, and the end of the call where what was to be played is over and there is still no stream. */
export function finishFallback(made: CallStep, nowMs: number): CallStep {
  const { call } = made;
  const last = call.operations.findLast(({ id }) => id.startsWith(PREFIX));
  if (last === undefined || !isOver(last, nowMs)) return made;
  if (call.streaming.state !== 'failed' || call.streaming.retryAtMs !== undefined || !continues(call))
    return made;
  const { call: ending, commands } = beginHangUp(call, nowMs);
  return { ...made, call: ending, commands: [...made.commands, ...commands] };
}

/** Played, not to be played, or nothing was heard of it for so long that it was likely never asked for. */
function isOver({ state, requestedAtMs }: OperationRecord, nowMs: number): boolean {
  return state !== 'pending' || nowMs - requestedAtMs >= OPERATION_LIMIT_MS;
}
