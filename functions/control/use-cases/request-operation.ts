import type { CallOperation, OperationAnswer } from '../../../shared/call/operation.ts';
import type { Call } from '../call/call.ts';
import type { ControlDeps, Log } from './deps.ts';
import { enterRequest } from './enter-request.ts';
import { runCommands } from './run-commands.ts';
import { runOperation } from './run-operation.ts';
import type { UnmetRequest } from './unmet-request.ts';

export type OperationOutcome =
  | {
      readonly kind: 'accepted';
      readonly call: Call;
      /** `operations` of the call tells under this id what comes of it. */
      readonly operationId: string;
      readonly answer: OperationAnswer;
    }
  | UnmetRequest;

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
  const event = { type: 'OperationRequested', id, operation } as const;
  const details = { operation: operation.type, operationId: id };
  const entered = await enterRequest(deps, callId, event, details);
  if (entered.kind !== 'entered') return entered;
  const result = await runOperation(deps, entered.call, { id, operation }, log);
  if (result.ok) {
    log.info('An operation on a call is accepted', { callId, ...details });
    return { kind: 'accepted', call: result.call, operationId: id, answer: result.answer };
  }
  if (result.next !== undefined) await runCommands(deps, result.next, log);
  if (result.next?.call.phase === 'ended')
    return { kind: 'refused', refusal: 'call-ended', call: result.next.call };
  return { kind: 'failed', error: result.error };
}
