import type { CallEvent } from './event.ts';
import { hangUp } from './hang-up.ts';
import { type Call, type CallCommand, type CallStep, withIds } from './model.ts';
import { end, giveUp, keep } from './step.ts';
import { enter } from './streaming.ts';

/** How a call comes about: who acts on one that rings, and what ACS answers to that; the same of one that is placed. */

/** How long one invocation may take to answer before a redelivered event lets another one try. */
export const ANSWER_LEASE_MS = 10_000;

export function claim(call: Call, by: string, nowMs: number): CallStep {
  const commands: CallCommand[] = [{ type: call.decision }];
  if (call.phase !== 'ringing' && call.phase !== 'answering') return keep(call);
  if (call.answeredAtMs !== undefined) return keep(call);
  // The same invocation asks again when it could not tell whether its first write was stored.
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

export function answerSucceeded(
  call: Call,
  event: Extract<CallEvent, { type: 'AnswerSucceeded' }>,
  nowMs: number,
): CallStep {
  if (call.direction !== 'inbound') return keep(call);
  return tookOn({ ...call, phase: call.phase === 'ringing' ? 'answering' : call.phase }, event, nowMs);
}

export function answerFailed(
  call: Call,
  event: Extract<CallEvent, { type: 'AnswerFailed' }>,
  nowMs: number,
): CallStep {
  if (call.phase !== 'answering' || call.claim !== event.claim || call.answeredAtMs !== undefined)
    return keep(call);
  // A refusal of a second attempt may only mean that the first one, whose result was lost, had got through: the call may be connected.
  if (event.final && (call.attempts === 1 || call.decision !== 'answer'))
    return keep(end(call, `${call.decision} failed: ${event.reason}`, nowMs));
  // Should the answer have reached ACS, then its streaming has, too: that is still on its way.
  const { claim: _claim, leaseUntilMs: _lease, ...rest } = call;
  return keep({ ...rest, phase: 'ringing' });
}

/** Rejected or redirected: it rings elsewhere, or not at all. */
export function turnedAway(call: Call, how: string, nowMs: number): CallStep {
  const isUpToUs = call.phase === 'ringing' || call.phase === 'answering';
  return keep(isUpToUs ? end(call, how, nowMs) : call);
}

export function placeSucceeded(
  call: Call,
  event: Extract<CallEvent, { type: 'PlaceSucceeded' }>,
  nowMs: number,
): CallStep {
  return call.direction === 'outbound' ? tookOn(call, event, nowMs) : keep(call);
}

/**
 * Whoever placed the call is told that it failed. What ACS has done all the same is undone: now where it is known, or with the first event
 * that names a connection.
 */
export function placeFailed(call: Call, why: string, nowMs: number): CallStep {
  if (call.direction !== 'outbound') return keep(call);
  const reason = `placing failed: ${why}`;
  if (call.phase === 'connected') return hangUp(call, nowMs);
  const failed: Call = { ...call, failure: call.failure ?? 'failed' };
  return call.callConnectionId === undefined
    ? keep(end(failed, reason, nowMs))
    : giveUp(failed, reason, nowMs);
}

/** ACS has taken the call on. A call that is to be over by now is hung up. */
function tookOn(
  call: Call,
  event: Pick<Call, 'callConnectionId' | 'serverCallId' | 'correlationId'>,
  nowMs: number,
): CallStep {
  const known: Call = { ...withIds(call, event), answeredAtMs: call.answeredAtMs ?? nowMs };
  return call.phase === 'ending' ? hangUp(known, nowMs) : keep(known);
}
