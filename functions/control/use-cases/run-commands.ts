import { AcsCallError } from '../call/acs-port.ts';
import { type Call, type CallCommand, type CallStep, type PlainCommand, step } from '../call/call.ts';
import type { CallEvent } from '../call/event.ts';
import type { ControlDeps, Log } from './deps.ts';
import { runOperation } from './run-operation.ts';

export type CommandResult =
  | { readonly ok: true }
  /** `next`: what the failure means for the call; it may hold further commands. */
  | { readonly ok: false; readonly error: AcsCallError; readonly next: CallStep | undefined };

/**
 * Carries out what the state machine asked for while nobody waits for the answer: a failure is written to the call and goes no further.
 * Ends, since the machine bounds its retries.
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
      throw new Error('only who holds the incoming call context can answer, reject or redirect a call');
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
      log.info('A command is sent to ACS', { callId: call.callId, command: command.type });
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

/** Sends one command to ACS; a failure is written to the call and returned. `isAwaited`: somebody waits to be told of it. */
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
