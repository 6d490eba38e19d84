import { startFallback } from './fallback.ts';
import { continues, hangUp } from './hang-up.ts';
import type { Call, CallCommand, CallStep } from './model.ts';
import { endOperations } from './operations.ts';
import { stepRecording } from './recording.ts';
import { enter, type StreamingEvent, type StreamingStep, stepStreaming } from './streaming.ts';
import { stepTranscription } from './transcription.ts';

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
