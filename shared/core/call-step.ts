import type { Call, CallCommand, CallStep } from './call-model.ts';
import { addOperation, endOperations } from './call-operations.ts';
import { stepRecording } from './call-recording.ts';
import { enter, type StreamingEvent, type StreamingStep, stepStreaming } from './call-streaming.ts';
import { stepTranscription } from './call-transcription.ts';

/** Steps that the parts of the call's state machine have in common. */

export function keep(call: Call): CallStep {
  return { call, commands: [] };
}

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
  return hangUp({ ...rest, phase: 'ending', endReason: call.endReason ?? reason }, nowMs);
}

export function hangUp(call: Call, nowMs: number): CallStep {
  const commands: CallCommand[] =
    call.callConnectionId === undefined ? [] : [{ type: 'hangUp', forEveryone: call.leavesOthers !== true }];
  return { call: { ...call, hangUpRequestedAtMs: nowMs }, commands };
}

export function stream(call: Call, event: StreamingEvent, nowMs: number): CallStep {
  return withStreaming(call, stepStreaming(call.streaming, event, nowMs), nowMs);
}

/** What becomes of the call when its streaming has made a step. */
export function withStreaming(call: Call, made: StreamingStep, nowMs: number): CallStep {
  const { streaming, commands, refusal, gaveUp } = made;
  const next = streaming === call.streaming ? call : { ...call, streaming };
  if (gaveUp && goesOn(next)) return fallBack(next, nowMs);
  return { call: next, commands, ...(refusal === undefined ? {} : { refusal }) };
}

/** What the route says to do once streaming has failed for good. */
function fallBack(call: Call, nowMs: number): CallStep {
  const { onStreamingFailed: choice = 'leave' } = call;
  if (choice === 'leave') return keep(call);
  if (choice === 'hang-up') return hangUp(call, nowMs);
  const id = `op-fallback-${nowMs}`;
  const operations = addOperation(call.operations, { id, type: 'play' }, nowMs);
  if (operations === undefined) return keep(call);
  return {
    call: { ...call, operations },
    commands: [{ type: 'operate', id, operation: { type: 'play', source: choice.play } }],
  };
}

/** Whether the call goes on, so that what it lacks is worth another attempt. */
export function goesOn(call: Call): boolean {
  return (
    call.phase === 'connected' &&
    call.callConnectionId !== undefined &&
    call.hangUpRequestedAtMs === undefined
  );
}

/** What is due once a call is connected whose streaming failed before. */
export function pendingRetry(call: Call, nowMs: number): CallCommand[] {
  const { state, retryAtMs, retries } = call.streaming;
  if (state !== 'failed' || retryAtMs === undefined) return [];
  return [{ type: 'scheduleRetry', retry: retries + 1, atMs: Math.max(nowMs, retryAtMs) }];
}
