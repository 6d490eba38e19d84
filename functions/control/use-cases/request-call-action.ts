import type { Call } from '../call/call.ts';
import type { ControlDeps, Log } from './deps.ts';
import { enterRequest } from './enter-request.ts';
import { sendCommand } from './run-commands.ts';
import type { UnmetRequest } from './unmet-request.ts';

export type CallAction =
  | { readonly type: 'StartRequested' | 'StopRequested'; readonly operationContext?: string }
  | { readonly type: 'RestartRequested' }
  /** `forEveryone` absent: true. */
  | { readonly type: 'HangUpRequested'; readonly forEveryone?: boolean; readonly reason?: 'idle' };

export type ActionOutcome = { readonly kind: 'accepted'; readonly call: Call } | UnmetRequest;

/** Starts or stops streaming, or hangs up, where the state of the call allows it. ACS reports by callback when it has happened. */
export async function requestCallAction(
  deps: ControlDeps,
  callId: string,
  action: CallAction,
  log: Log,
): Promise<ActionOutcome> {
  const id = deps.newId();
  const reason = action.type === 'HangUpRequested' ? action.reason : undefined;
  const details = reason === undefined ? {} : { reason };
  const entered = await enterRequest(deps, callId, { ...action, id }, details);
  if (entered.kind !== 'entered') return entered;
  for (const command of entered.commands) {
    if (
      command.type !== 'startMediaStreaming' &&
      command.type !== 'stopMediaStreaming' &&
      command.type !== 'hangUp'
    )
      throw new Error(`a request led to the command ${command.type}, which is not about a connection`);
    const result = await sendCommand(deps, entered.call, command, true, log);
    if (result.ok) continue;
    if (result.error.callGone && result.next !== undefined)
      return { kind: 'refused', refusal: 'call-ended', call: result.next.call };
    return { kind: 'failed', error: result.error };
  }
  log.info('A request for a call is accepted', { callId, action: action.type });
  return { kind: 'accepted', call: entered.call };
}
