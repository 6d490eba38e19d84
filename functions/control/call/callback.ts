import type { CallEnder } from '../../../shared/call/states.ts';
import type { Callback, CallbackKind } from './event.ts';
import {
  beginHangUp,
  type Call,
  type CallCommand,
  type CallStep,
  continues,
  keep,
  SEEN_EVENTS,
  timeOf,
  withIds,
} from './model.ts';
import {
  cancelInvitation,
  type Ledger,
  OPERATION_RESULTS,
  type OperationResultType,
  settleOperation,
  settlePending,
} from './operations.ts';
import { stepRecording } from './recording.ts';
import { end, finishFallback, stream } from './step.ts';
import { stepTranscription } from './transcription.ts';

/** Applies a callback event to a call that has not ended: once, and only if it is about the call's own connection. */
export function applyCallback(call: Call, event: Callback, nowMs: number): CallStep {
  const { kind } = event;
  if (kind === 'other') return keep(call);
  if (call.seenEvents.includes(event.id)) return { call, commands: [], ignored: 'duplicate' };
  if (isAboutAnother(call, event)) return { call, commands: [], ignored: 'another connection' };
  return applyKind(seen(withIds(call, event), event), dated(event, nowMs), kind, nowMs);
}

/** Without a time that is not possible: every later event would count as older, and have no effect. */
function dated(event: Callback, nowMs: number): Callback {
  if (event.atMs === timeOf(event, nowMs)) return event;
  const { atMs: _, ...rest } = event;
  return rest;
}

/**
 * Applies a callback event to a call that has ended. The call stays ended, with two exceptions: a late result
 * completes its operation, and if ACS turns out to have a connection for a call that was given up before one was
 * known, we end that connection.
 */
export function applyLateCallback(call: Call, event: Callback, nowMs: number): CallStep {
  const { kind } = event;
  if (kind === 'other') return { call, commands: [], ignored: 'call ended' };
  if (call.seenEvents.includes(event.id)) return { call, commands: [], ignored: 'duplicate' };
  if (isAboutAnother(call, event)) return { call, commands: [], ignored: 'another connection' };
  if (call.callConnectionId === undefined && event.callConnectionId !== undefined) {
    const known = seen(withIds(call, event), event);
    if (tellsTheEnd(kind)) return { call: withFailure(known, event), commands: [], ignored: 'call ended' };
    const { endedAtMs: _, ...rest } = known;
    return beginHangUp({ ...rest, phase: 'ending' }, nowMs);
  }
  // A result completes its operation only once, so the event need not be remembered.
  const settled = isOperationResult(kind) ? settle(call, event, kind, nowMs) : undefined;
  if (settled !== undefined && settled.call !== call) return keep(settled.call);
  return {
    call: tellsTheEnd(kind) ? withFailure(call, event) : call,
    commands: [],
    ignored: 'call ended',
  };
}

function applyKind(call: Call, event: Callback, kind: CallbackKind, nowMs: number): CallStep {
  switch (kind) {
    case 'CallConnected':
      return connect(call, nowMs);
    case 'CallDisconnected':
      return keep(endBy(call, event, event.reason ?? 'disconnected', nowMs));
    case 'AnswerFailed':
    case 'CreateCallFailed': {
      if (call.phase === 'connected') return keep(call);
      const what = kind === 'AnswerFailed' ? 'answer' : 'placing';
      const reason = `${what} failed: ${event.reason ?? 'no reason given'}`;
      return keep(endBy(call, event, reason, nowMs));
    }
    case 'MediaStreamingStarted':
      return stream(call, { type: 'started', atMs: event.atMs }, nowMs);
    case 'MediaStreamingStopped':
      return stream(call, { type: 'stopped', atMs: event.atMs }, nowMs);
    case 'MediaStreamingFailed': {
      const reason = event.reason ?? 'no reason given';
      const retry = call.phase !== 'ending' && call.hangUpRequestedAtMs === undefined;
      const failed = stream(call, { type: 'failed', atMs: event.atMs, reason, retry }, nowMs);
      // Before CallConnected there is nothing to start, so the pause begins then.
      return call.phase === 'connected' ? failed : { ...failed, commands: [] };
    }
    case 'ParticipantsUpdated':
      return keep(withParticipants(call, event, nowMs));
    case 'RecordingStateChanged': {
      if (event.recording === undefined) return keep(call);
      const { id: recordingId, active } = event.recording;
      const reported = { type: 'reported', recordingId, active, atMs: event.atMs } as const;
      return keep({ ...call, recording: stepRecording(call.recording, reported, nowMs).recording });
    }
    case 'TranscriptionStarted':
    case 'TranscriptionStopped':
    case 'TranscriptionFailed': {
      const settled = settle(call, event, kind, nowMs);
      const type = TRANSCRIPTION_EVENT[kind];
      const { transcription } = stepTranscription(call.transcription, { type, atMs: event.atMs }, nowMs);
      return keep({ ...settled.call, transcription });
    }
    case 'CallTransferAccepted': {
      const { call: settled, ...rest } = settle(call, event, kind, nowMs);
      return { ...rest, call: { ...settled, transferredAtMs: settled.transferredAtMs ?? nowMs } };
    }
    case 'StartRecordingFailed': {
      const refused = { type: 'refused', request: 'startRecording', unknown: false } as const;
      const { recording } = stepRecording(call.recording, refused, nowMs);
      const settled = settle(call, event, kind, nowMs);
      return { ...settled, call: { ...settled.call, recording } };
    }
    case 'CallTransferFailed':
    case 'AddParticipantSucceeded':
    case 'AddParticipantFailed':
    case 'CancelAddParticipantSucceeded':
    case 'CancelAddParticipantFailed':
    case 'RemoveParticipantSucceeded':
    case 'RemoveParticipantFailed':
    case 'SendDtmfTonesCompleted':
    case 'SendDtmfTonesFailed':
    case 'PlayCompleted':
    case 'PlayFailed':
    case 'PlayCanceled':
    case 'RecognizeCompleted':
    case 'RecognizeFailed':
    case 'RecognizeCanceled':
    case 'HoldFailed':
      return finishFallback(settle(call, event, kind, nowMs), nowMs);
  }
}

/** Who ends a call whose end nobody has asked for. */
function enderOf({ transferredAtMs }: Call, { kind, failure, details }: Callback): CallEnder {
  if (failure === 'busy' || failure === 'declined') return 'participant';
  const isFault = kind !== 'CallDisconnected' || Number(details['code'] ?? 0) >= LEAST_FAULT_CODE;
  if (isFault) return 'failure';
  return transferredAtMs === undefined ? 'participant' : 'transfer';
}

/** From this code on, ACS says that something went wrong. */
const LEAST_FAULT_CODE = 400;

/** Ends a call by an event. The sweep asks ACS later whether it has ended, if there is a connection to ask about. */
function endBy(call: Call, event: Callback, reason: string, nowMs: number): Call {
  const ended = end(withFailure(call, event), reason, nowMs, enderOf(call, event));
  return ended.callConnectionId === undefined ? ended : { ...ended, endUnconfirmed: true };
}

/** ACS has connected the call. If we want it to end, it is hung up. */
export function connect(call: Call, nowMs: number): CallStep {
  if (call.phase === 'ending') return beginHangUp(call, nowMs);
  const connected: Call = { ...call, phase: 'connected', connectedAtMs: call.connectedAtMs ?? nowMs };
  return { call: connected, commands: continues(connected) ? pendingRetry(connected, nowMs) : [] };
}

/** The retry that is due when a call is connected after its streaming failed. */
function pendingRetry(call: Call, nowMs: number): CallCommand[] {
  const { state, retryAtMs, retries } = call.streaming;
  if (state !== 'failed' || retryAtMs === undefined) return [];
  return [{ type: 'scheduleRetry', retry: retries + 1, atMs: Math.max(nowMs, retryAtMs) }];
}

const TRANSCRIPTION_EVENT = {
  TranscriptionStarted: 'started',
  TranscriptionStopped: 'stopped',
  TranscriptionFailed: 'failed',
} as const;

/** Applies the result of an operation by its id. An event that names none of our operations is only noted. */
function settle(call: Call, event: Callback, kind: OperationResultType, nowMs: number): CallStep {
  const { of, state } = OPERATION_RESULTS[kind];
  const outcome = {
    state,
    ...(event.reason === undefined || state === 'succeeded' ? {} : { reason: event.reason }),
  };
  const record = call.operations.find(({ id }) => id === event.operationId);
  let operations: Ledger = call.operations;
  const isKnown = record !== undefined && (of as readonly string[]).includes(record.type);
  if (isKnown) operations = settleOperation(operations, record.id, outcome, nowMs);
  // ACS may name the operation that started a transcription in every later event about it.
  if (kind === 'TranscriptionStopped')
    operations = settlePending(operations, 'stopTranscription', outcome, nowMs);
  if (kind === 'CancelAddParticipantSucceeded' && event.invitationId !== undefined)
    operations = cancelInvitation(operations, event.invitationId, nowMs);
  const next = operations === call.operations ? call : { ...call, operations };
  return { call: next, commands: [], ...(isKnown || next !== call ? {} : { ignored: 'unknown operation' }) };
}

function isOperationResult(kind: CallbackKind): kind is OperationResultType {
  return Object.hasOwn(OPERATION_RESULTS, kind);
}

function tellsTheEnd(kind: CallbackKind): boolean {
  return kind === 'CallDisconnected' || kind === 'AnswerFailed' || kind === 'CreateCallFailed';
}

/** Why placing the call failed. */
function withFailure(call: Call, { failure, kind }: Callback): Call {
  if (call.direction !== 'outbound' || call.connectedAtMs !== undefined) return call;
  // An exact reason replaces a missing one, and the general reason `failed`.
  const known = failure ?? (kind === 'CreateCallFailed' ? 'failed' : undefined);
  if (known === undefined || (call.failure !== undefined && call.failure !== 'failed')) return call;
  return known === call.failure ? call : { ...call, failure: known };
}

/** How much later than an event of a higher number another one must have happened to count in spite of its number. */
const OVERTAKING_MS = 30_000;

/**
 * Events about participants can overtake each other, so their numbers order them. A number proves little: an event
 * that happened much later counts whatever it is, so that no number, however high, stands in the way of the next ones
 * for long.
 */
function withParticipants(call: Call, { participants, atMs: saidMs }: Callback, nowMs: number): Call {
  if (participants === undefined) return call;
  const known = call.participants;
  const atMs = Math.min(saidMs ?? nowMs, nowMs);
  const { count, held, sequence = known?.sequence ?? 0 } = participants;
  const isOlder = sequence < (known?.sequence ?? 0) && atMs - (known?.atMs ?? 0) < OVERTAKING_MS;
  return isOlder ? call : { ...call, held, participants: { count, sequence, atMs } };
}

function isAboutAnother(call: Call, event: Callback): boolean {
  return (
    call.callConnectionId !== undefined &&
    event.callConnectionId !== undefined &&
    call.callConnectionId !== event.callConnectionId
  );
}

function seen(call: Call, event: Callback): Call {
  return { ...call, seenEvents: [...call.seenEvents, event.id].slice(-SEEN_EVENTS) };
}
