import type { CallOperation, OperationAnswer } from '../../../shared/call/operation.ts';
import type { AcsCallError } from '../call/acs-port.ts';
import { step } from '../call/call.ts';
import type { CallEvent, HangUpCause } from '../call/event.ts';
import type { Call, CallCommand, CallRefusal, PlainCommand } from '../call/model.ts';
import type { ControlDeps, Log } from './deps.ts';
import { type OutboundBudget, tryToGiveBack } from './outbound-budget.ts';
import { recordOutcome, runCommands, runOperation, sendCommand } from './run-commands.ts';

/** A request that was refused before ACS was asked. */
export type RefusedRequest =
  | { readonly kind: 'unknown call' }
  /** The state of the call does not allow it. */
  | { readonly kind: 'refused'; readonly refusal: CallRefusal; readonly call: Call };

/** Why a request about a call was not met. */
export type RequestFailure =
  | RefusedRequest
  /** ACS did not do it. */
  | { readonly kind: 'failed'; readonly error: AcsCallError };

export type CallAction =
  | { readonly type: 'StartRequested' | 'StopRequested'; readonly operationContext?: string }
  | { readonly type: 'RestartRequested' }
  /** `forEveryone` defaults to true, `by` to `application`. `worker`: the name of the worker that asks, if one does. */
  | {
      readonly type: 'HangUpRequested';
      readonly forEveryone?: boolean;
      readonly by?: HangUpCause;
      readonly worker?: string;
    };

type ActionOutcome = { readonly kind: 'accepted'; readonly call: Call } | RequestFailure;

/**
 * Starts, stops or restarts streaming, or hangs up, if the state of the call allows it. ACS confirms later with a
 * callback.
 * @throws CallStoreError
 */
export async function requestCallAction(
  deps: ControlDeps,
  callId: string,
  action: CallAction,
  log: Log,
): Promise<ActionOutcome> {
  const recorded = await record(deps, callId, { ...action, id: deps.newId() }, detailsOf(action));
  if (recorded.kind !== 'recorded') return recorded;
  for (const command of recorded.commands) {
    const result = await sendCommand(deps, recorded.call, plain(command), true, log);
    if (result.ok) continue;
    if (result.error.callGone && result.next !== undefined)
      return { kind: 'refused', refusal: 'call-ended', call: result.next.call };
    return { kind: 'failed', error: result.error };
  }
  log.info('Accepted a request for a call', { callId, action: action.type });
  return { kind: 'accepted', call: recorded.call };
}

/** What the timeline says of a request besides its type. */
function detailsOf(action: CallAction): Readonly<Record<string, string>> {
  if (action.type !== 'HangUpRequested') return {};
  const { by = 'application', worker } = action;
  return {
    by,
    ...(worker === undefined ? {} : { worker }),
    ...(by === 'silence' ? { reason: 'idle' } : {}),
  };
}

type OperationOutcome =
  | {
      readonly kind: 'accepted';
      readonly call: Call;
      /** The call's `operations` list its result under this id. */
      readonly operationId: string;
      readonly answer: OperationAnswer;
    }
  | RequestFailure;

/**
 * Asks ACS for an operation on a connected call, if the state of the call allows it. ACS reports the result with a
 * callback. The operation is stored before ACS is asked, so that even the earliest result finds it.
 * @param budget of an operation that calls somebody. The call's share is spent with storing the operation, and the
 * budget after that, so that only one of several requests that exclude each other gets there. If it rejects, the
 * operation has failed and ACS is not asked. Both are given back if ACS has certainly not done it.
 * @throws CallStoreError, and what `budget` rejects with
 */
export async function requestOperation(
  deps: ControlDeps,
  callId: string,
  operation: CallOperation,
  log: Log,
  budget?: OutboundBudget,
): Promise<OperationOutcome> {
  const id = `op-${deps.newId()}`;
  const details = { operation: operation.type, operationId: id };
  const requested = {
    type: 'OperationRequested',
    id,
    operation,
    ...(budget === undefined ? {} : { share: budget.sharePerHour }),
  } as const;
  const recorded = await record(deps, callId, requested, details);
  if (recorded.kind !== 'recorded') return recorded;
  let giveBack: (() => Promise<void>) | undefined;
  try {
    giveBack = await budget?.spend();
  } catch (error) {
    const reason = 'not admitted';
    const how = { unknown: false, assumed: false, notDone: true };
    const refused = { type: 'OperationRefused', id, reason, ...how } as const;
    const entry = { id: `${id}:refused`, details: { ...details, reason } };
    await recordOutcome(deps, callId, refused, entry, log);
    throw error;
  }
  const result = await runOperation(deps, recorded.call, { id, operation }, log);
  if (result.ok) {
    log.info('Accepted an operation on a call', { callId, ...details });
    return { kind: 'accepted', call: result.call, operationId: id, answer: result.answer };
  }
  if (result.error.isNotDone) await tryToGiveBack(giveBack, callId, log);
  if (result.next !== undefined) await runCommands(deps, result.next, log);
  if (result.next?.call.phase === 'ended')
    return { kind: 'refused', refusal: 'call-ended', call: result.next.call };
  return { kind: 'failed', error: result.error };
}

type RequestEvent = Extract<
  CallEvent,
  {
    readonly type:
      | 'StartRequested'
      | 'StopRequested'
      | 'RestartRequested'
      | 'HangUpRequested'
      | 'OperationRequested';
  }
>;

type RecordedRequest = {
  readonly kind: 'recorded';
  readonly call: Call;
  /** What to ask ACS for. */
  readonly commands: readonly CallCommand[];
};

/** Stores a request in its call, if the call's state allows it, and then in the timeline under the id of the event. */
async function record(
  { store, clock }: ControlDeps,
  callId: string,
  event: RequestEvent,
  details: Readonly<Record<string, string>>,
): Promise<RecordedRequest | RefusedRequest> {
  const stepped = await store.update(callId, (call) => step(call, event, clock.now()));
  if (stepped === undefined) return { kind: 'unknown call' };
  const { call, commands, refusal } = stepped;
  if (refusal !== undefined) return { kind: 'refused', refusal, call };
  await store.appendTimeline(callId, {
    id: event.id,
    atMs: clock.now(),
    source: 'api',
    type: event.type,
    details,
  });
  return { kind: 'recorded', call, commands };
}

/** The state machine answers these requests with commands about the connection only. */
function plain(command: CallCommand): PlainCommand {
  switch (command.type) {
    case 'startMediaStreaming':
    case 'stopMediaStreaming':
    case 'hangUp':
      return command;
    default:
      throw new Error(`a request led to the command ${command.type}, which is not about a connection`);
  }
}
