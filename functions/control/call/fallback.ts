import { continues, hangUp } from './hang-up.ts';
import type { Call, CallStep } from './model.ts';
import { addOperation, OPERATION_LIMIT_MS, type OperationRecord } from './operations.ts';

/**
 * What a route says to do with a call whose streaming has failed for good: leave it, hang it up, or play something and then hang it up.
 * The choice is kept with the call, and so is that something is being played, so that a crash in between changes nothing.
 */

const PREFIX = 'op-fallback-';

export function startFallback(call: Call, nowMs: number): CallStep {
  const { onStreamingFailed: choice = 'leave' } = call;
  if (choice === 'leave') return { call, commands: [] };
  if (choice === 'hang-up') return hangUp(call, nowMs);
  const id = `${PREFIX}${nowMs}`;
  const operations = addOperation(call.operations, { id, type: 'play' }, nowMs);
  if (operations === undefined) return hangUp(call, nowMs);
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
  const { call: ending, commands } = hangUp(call, nowMs);
  return { ...made, call: ending, commands: [...made.commands, ...commands] };
}

/** Played, not to be played, or nothing was heard of it for so long that it was likely never asked for. */
function isOver({ state, requestedAtMs }: OperationRecord, nowMs: number): boolean {
  return state !== 'pending' || nowMs - requestedAtMs >= OPERATION_LIMIT_MS;
}
