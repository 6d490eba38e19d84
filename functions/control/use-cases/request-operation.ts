import { type Call, type CallRefusal, step } from '../../../shared/core/call.ts';
import type { CallControlError } from '../../../shared/core/call-control.ts';
import type { CallOperation, OperationAnswer } from '../../../shared/core/call-operation.ts';
import type { ControlDeps, Log } from './deps.ts';
import { runCommands } from './run-commands.ts';
import { runOperation } from './run-operation.ts';

export type OperationOutcome =
  | {
      readonly kind: 'accepted';
      readonly call: Call;
      /** `operations` of the call tells under this id what comes of it. */
      readonly operationId: string;
      readonly answer: OperationAnswer;
    }
  | { readonly kind: 'unknown call' }
  | { readonly kind: 'refused'; readonly refusal: CallRefusal; readonly call: Call }
  | { readonly kind: 'failed'; readonly error: CallControlError };

/**
 * Has something done with a connected call, where its state allows it. ACS reports by callback how it went. The operation is entered in the
 * call's account before ACS is asked, so that its result finds it however early it comes.
 * @throws CallStoreError
 */
export async function requestOperation(
  deps: ControlDeps,
  callId: string,
  operation: CallOperation,
  log: Log,
): Promise<OperationOutcome> {
  const id = `op-${deps.newId()}`;
  const asked = await deps.store.update(callId, (call) =>
    step(call, { type: 'OperationRequested', id, operation }, deps.clock.now()),
  );
  if (asked === undefined) return { kind: 'unknown call' };
  if (asked.refusal !== undefined) return { kind: 'refused', refusal: asked.refusal, call: asked.call };
  await deps.store.appendTimeline(callId, {
    id,
    atMs: deps.clock.now(),
    source: 'api',
    type: 'OperationRequested',
    details: { operation: operation.type, operationId: id },
  });
  const result = await runOperation(deps, asked.call, { id, operation }, log);
  if (result.ok) {
    log.info('An operation on a call is accepted', { callId, operation: operation.type, operationId: id });
    return { kind: 'accepted', call: result.call, operationId: id, answer: result.answer };
  }
  if (result.next !== undefined) await runCommands(deps, result.next, log);
  if (result.next?.call.phase === 'ended')
    return { kind: 'refused', refusal: 'call-ended', call: result.next.call };
  return { kind: 'failed', error: result.error };
}
