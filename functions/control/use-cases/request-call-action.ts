import { type Call, type CallRefusal, step } from '../../../shared/core/call.ts';
import type { CallControlError } from '../../../shared/core/call-control.ts';
import type { CallEvent } from '../../../shared/core/call-event.ts';
import type { ControlDeps, Log } from './deps.ts';
import { sendCommand } from './run-commands.ts';

export type CallAction =
  | { readonly type: 'StartRequested' | 'StopRequested'; readonly operationContext?: string }
  | { readonly type: 'RestartRequested' }
  /** `forEveryone` absent: true. */
  | { readonly type: 'HangUpRequested'; readonly forEveryone?: boolean; readonly reason?: 'idle' };

export type ActionOutcome =
  | { readonly kind: 'accepted'; readonly call: Call }
  | { readonly kind: 'unknown call' }
  | { readonly kind: 'refused'; readonly refusal: CallRefusal; readonly call: Call }
  | { readonly kind: 'failed'; readonly error: CallControlError };

/** Starts or stops streaming, or hangs up, where the state of the call allows it. ACS reports by callback when it has happened. */
export async function requestCallAction(
  deps: ControlDeps,
  callId: string,
  action: CallAction,
  log: Log,
): Promise<ActionOutcome> {
  const id = deps.newId();
  const event: CallEvent = { ...action, id };
  const reason = action.type === 'HangUpRequested' ? action.reason : undefined;
  const asked = await deps.store.update(callId, (call) => step(call, event, deps.clock.now()));
  if (asked === undefined) return { kind: 'unknown call' };
  if (asked.refusal !== undefined) return { kind: 'refused', refusal: asked.refusal, call: asked.call };
  await deps.store.appendTimeline(callId, {
    id,
    atMs: deps.clock.now(),
    source: 'api',
    type: action.type,
    details: reason === undefined ? {} : { reason },
  });
  for (const command of asked.commands) {
    if (
      command.type !== 'startMediaStreaming' &&
      command.type !== 'stopMediaStreaming' &&
      command.type !== 'hangUp'
    )
      throw new Error(`a request led to the command ${command.type}, which is not about a connection`);
    const result = await sendCommand(deps, asked.call, command, true, log);
    if (result.ok) continue;
    if (result.error.callGone && result.next !== undefined)
      return { kind: 'refused', refusal: 'call-ended', call: result.next.call };
    return { kind: 'failed', error: result.error };
  }
  log.info('A request for a call is accepted', { callId, action: action.type });
  return { kind: 'accepted', call: asked.call };
}
