import type { CallOperation, OperationAnswer } from '../../../shared/call/operation.ts';
import { AcsCallError } from '../call/acs-port.ts';
import { type Call, type CallStep, step } from '../call/call.ts';
import { callbackUrl } from './set-up-call.ts';
import type { ControlDeps, Log } from './deps.ts';
import { settle } from './settle.ts';

export type OperationResult =
  | { readonly ok: true; readonly answer: OperationAnswer; readonly call: Call }
  /** `next`: what the failure means for the call. */
  | { readonly ok: false; readonly error: AcsCallError; readonly next: CallStep | undefined };

/** Has ACS take on an operation of the call's account, and stores what it answers. */
export async function runOperation(
  deps: ControlDeps,
  call: Call,
  { id, operation }: { readonly id: string; readonly operation: CallOperation },
  log: Log,
): Promise<OperationResult> {
  const { callId, callConnectionId, serverCallId, recording } = call;
  if (callConnectionId === undefined)
    throw new Error(`the call ${callId} has no connection for the operation ${operation.type}`);
  const details = { operation: operation.type, operationId: id };
  try {
    const answer = await deps.acs.operate(callConnectionId, operation, {
      operationContext: id,
      callbackUrl: callbackUrl(deps, callId),
      ...(serverCallId === undefined ? {} : { serverCallId }),
      ...(recording.recordingId === undefined ? {} : { recordingId: recording.recordingId }),
    });
    const answered = { type: 'OperationAnswered', id, answer } as const;
    const settled = await settle(deps, callId, answered, { id: `${id}:answered`, details }, log);
    return { ok: true, answer, call: settled?.call ?? call };
  } catch (error) {
    if (!(error instanceof AcsCallError)) throw error;
    const { reason, failure } = error;
    const refused = {
      type: 'OperationRefused',
      id,
      reason,
      unknown: failure.status === 404,
      assumed: failure.retryable,
    } as const;
    // What ACS does not know may be somebody or something on the call, or the call itself.
    if (error.callGone && (await isGone(deps, callConnectionId))) {
      const nowMs = deps.clock.now();
      await deps.store.update(callId, (now) => step(now, refused, nowMs));
      const next = await settle(deps, callId, { type: 'CallGone' }, { id: `${id}:gone`, details }, log);
      return { ok: false, error, next };
    }
    log.warn('ACS did not take an operation on', { callId, operation: operation.type, reason });
    const entry = { id: `${id}:refused`, details: { ...details, reason } };
    return { ok: false, error, next: await settle(deps, callId, refused, entry, log) };
  }
}

/** Whether ACS knows nothing of a connection; one that it cannot be asked about may be there. */
async function isGone({ acs }: Pick<ControlDeps, 'acs'>, callConnectionId: string): Promise<boolean> {
  try {
    return (await acs.properties(callConnectionId)) === undefined;
  } catch (error) {
    if (!(error instanceof AcsCallError)) throw error;
    return false;
  }
}
