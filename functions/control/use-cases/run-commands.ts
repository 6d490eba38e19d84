import type { CallOperation, OperationAnswer } from '../../../shared/call/operation.ts';
import { AcsCallError } from '../call/acs-port.ts';
import { step } from '../call/call.ts';
import type { CallEvent } from '../call/event.ts';
import type { Call, CallCommand, CallStep, PlainCommand } from '../call/model.ts';
import { CallStoreError, type TimelineEntry } from '../call/stores.ts';
import type { ControlDeps, Log } from './deps.ts';
import { callbackUrl } from './set-up-call.ts';

type CommandResult =
  | { readonly ok: true }
  /** `next`: what the failure means for the call; it may hold further commands. */
  | { readonly ok: false; readonly error: AcsCallError; readonly next: CallStep | undefined };

/**
 * Carries out the commands of the state machine when no caller waits for the result. A failure is stored in the call
 * and goes no further. It ends, since the state machine bounds its retries.
 */
export async function runCommands(deps: ControlDeps, from: CallStep, log: Log): Promise<void> {
  for (const command of from.commands) {
    const next = await runCommand(deps, from.call, command, log);
    if (next !== undefined) await runCommands(deps, next, log);
  }
}

async function runCommand(
  deps: ControlDeps,
  call: Call,
  command: CallCommand,
  log: Log,
): Promise<CallStep | undefined> {
  switch (command.type) {
    case 'answer':
    case 'reject':
    case 'redirect':
      throw new Error(
        'only the invocation with the incoming call context can answer, reject or redirect a call',
      );
    case 'scheduleRetry': {
      await deps.clock.sleep(Math.max(0, command.atMs - deps.clock.now()));
      return await deps.store.update(call.callId, (now) =>
        step(now, { type: 'RetryDue', retry: command.retry }, deps.clock.now()),
      );
    }
    case 'operate': {
      await deps.store.appendTimeline(call.callId, {
        id: command.id,
        atMs: deps.clock.now(),
        source: 'control',
        type: 'OperationRequested',
        details: { operation: command.operation.type, operationId: command.id },
      });
      const result = await runOperation(deps, call, command, log);
      return result.ok ? undefined : result.next;
    }
    case 'startMediaStreaming':
    case 'stopMediaStreaming':
    case 'hangUp': {
      log.info('Sending a command to ACS', { callId: call.callId, command: command.type });
      await deps.store.appendTimeline(call.callId, {
        id: deps.newId(),
        atMs: deps.clock.now(),
        source: 'control',
        type: TIMELINE_TYPE[command.type],
        details: command.type === 'hangUp' ? {} : { request: command.id },
      });
      const result = await sendCommand(deps, call, command, false, log);
      return result.ok ? undefined : result.next;
    }
  }
}

const TIMELINE_TYPE = {
  startMediaStreaming: 'StreamingStartSent',
  stopMediaStreaming: 'StreamingStopSent',
  hangUp: 'HangUpSent',
} as const;

/**
 * Sends one command to ACS. A failure is stored in the call and returned. `isAwaited`: a caller of the API waits for
 * the result.
 */
export async function sendCommand(
  deps: ControlDeps,
  call: Call,
  command: PlainCommand,
  isAwaited: boolean,
  log: Log,
): Promise<CommandResult> {
  const { callId, callConnectionId } = call;
  if (callConnectionId === undefined)
    throw new Error(`the call ${callId} has no connection for ${command.type}`);
  try {
    await request(deps, callConnectionId, command);
    return { ok: true };
  } catch (error) {
    if (!(error instanceof AcsCallError)) throw error;
    const nowMs = deps.clock.now();
    const event = failureEvent(command, error, isAwaited);
    const next = await deps.store.update(callId, (now) => step(now, event, nowMs));
    await deps.store.appendTimeline(callId, {
      id: deps.newId(),
      atMs: nowMs,
      source: 'control',
      type: event.type,
      details: { command: command.type, reason: error.reason },
    });
    log.warn('ACS did not carry out a command', { callId, command: command.type, reason: error.reason });
    return { ok: false, error, next };
  }
}

function request(deps: ControlDeps, callConnectionId: string, command: PlainCommand): Promise<void> {
  switch (command.type) {
    case 'startMediaStreaming':
      return deps.acs.startMediaStreaming(callConnectionId, contextOf(command));
    case 'stopMediaStreaming':
      return deps.acs.stopMediaStreaming(callConnectionId, contextOf(command));
    case 'hangUp':
      return deps.acs.hangUp(callConnectionId, command.forEveryone);
  }
}

function contextOf({ operationContext }: { readonly operationContext?: string }): {
  operationContext?: string;
} {
  return operationContext === undefined ? {} : { operationContext };
}

function failureEvent(command: PlainCommand, error: AcsCallError, isAwaited: boolean): CallEvent {
  if (error.callGone) return { type: 'CallGone' };
  switch (command.type) {
    case 'startMediaStreaming':
      return { type: 'StartFailed', id: command.id, reason: error.reason };
    case 'stopMediaStreaming':
      return {
        type: 'StopFailed',
        id: command.id,
        reason: error.reason,
        assumed: error.failure.retryable,
      };
    case 'hangUp':
      return { type: 'HangUpFailed', id: 'hang-up', reason: error.reason, isAwaited };
  }
}

type OperationResult =
  | { readonly ok: true; readonly answer: OperationAnswer; readonly call: Call }
  /** `next`: what the failure means for the call. */
  | { readonly ok: false; readonly error: AcsCallError; readonly next: CallStep | undefined };

/** Asks ACS for an operation of the call, and stores the answer. */
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
    const recorded = await recordOutcome(deps, callId, answered, { id: `${id}:answered`, details }, log);
    return { ok: true, answer, call: recorded?.call ?? call };
  } catch (error) {
    if (!(error instanceof AcsCallError)) throw error;
    const { reason, failure } = error;
    const refused = {
      type: 'OperationRefused',
      id,
      reason,
      unknown: failure.status === 404,
      assumed: failure.retryable,
      notDone: error.isNotDone,
    } as const;
    // A 404 may be about a participant or a recording, or about the call itself.
    if (error.callGone && (await isGone(deps, callConnectionId))) {
      const nowMs = deps.clock.now();
      await deps.store.update(callId, (now) => step(now, refused, nowMs));
      const next = await recordOutcome(
        deps,
        callId,
        { type: 'CallGone' },
        { id: `${id}:gone`, details },
        log,
      );
      return { ok: false, error, next };
    }
    log.warn('ACS did not accept an operation', { callId, operation: operation.type, reason });
    const entry = { id: `${id}:refused`, details: { ...details, reason } };
    return { ok: false, error, next: await recordOutcome(deps, callId, refused, entry, log) };
  }
}

/** Whether ACS no longer knows a connection. If it cannot be asked, the connection may still exist. */
async function isGone({ acs }: Pick<ControlDeps, 'acs'>, callConnectionId: string): Promise<boolean> {
  try {
    return (await acs.properties(callConnectionId)) === undefined;
  } catch (error) {
    if (!(error instanceof AcsCallError)) throw error;
    return false;
  }
}

/**
 * Stores how ACS answered. If storage fails, the call goes on: ACS has acted, its callbacks will say so, and asking
 * again could act twice.
 * @returns what the answer means for the call; undefined if it could not be stored
 */
export async function recordOutcome(
  deps: Pick<ControlDeps, 'store' | 'clock'>,
  callId: string,
  outcome: CallEvent,
  entry: Pick<TimelineEntry, 'id' | 'details'>,
  log: Log,
): Promise<CallStep | undefined> {
  const nowMs = deps.clock.now();
  try {
    const recorded = await deps.store.update(callId, (call) => step(call, outcome, nowMs));
    await deps.store.appendTimeline(callId, {
      ...entry,
      atMs: nowMs,
      source: 'control',
      type: outcome.type,
    });
    return recorded;
  } catch (error) {
    if (!(error instanceof CallStoreError)) throw error;
    log.error('The outcome of a request to ACS could not be stored', {
      callId,
      outcome: outcome.type,
      why: error.message,
    });
    return undefined;
  }
}
