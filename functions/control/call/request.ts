import type { CallOperation } from '../../../shared/call/operation.ts';
import type { CallEvent } from './event.ts';
import { giveOneBack, minuteOf, spendOne } from './hourly-budget.ts';
import { type Call, type CallRefusal, type CallStep, keep } from './model.ts';
import {
  addOperation,
  isDoneWhenAnswered,
  isPending,
  noteInvitation,
  settleOperation,
} from './operations.ts';
import { type RecordingRequest, stepRecording } from './recording.ts';
import { finishFallback } from './step.ts';
import { stepTranscription } from './transcription.ts';

/** Requests on a connected call other than streaming and hanging up, and how ACS answers them. */

/** Accepts an operation, or says why not. A repeated id is the same operation, which may not have reached ACS. */
export function operationRequested(
  call: Call,
  { id, operation, share }: Extract<CallEvent, { type: 'OperationRequested' }>,
  nowMs: number,
): CallStep {
  const command = { type: 'operate', id, operation } as const;
  if (call.operations.some((record) => record.id === id)) return { call, commands: [command] };
  const changed = askMachine(call, id, operation, nowMs);
  if (typeof changed === 'string') return { call, commands: [], refusal: changed };
  const operations = addOperation(call.operations, { id, type: operation.type }, nowMs);
  if (operations === undefined) return { call, commands: [], refusal: 'too-many-operations' };
  const accepted: Call = { ...changed, operations };
  if (share === undefined) return { call: accepted, commands: [command] };
  const spending = spendOne(call.outbound ?? [], share, nowMs);
  if (spending.kind === 'refused') return { call, commands: [], refusal: 'outbound-budget-spent' };
  return { call: { ...accepted, outbound: spending.minutes }, commands: [command] };
}

/** The call with the new state of what the operation is about, or why that state does not allow it. */
function askMachine(call: Call, id: string, operation: CallOperation, nowMs: number): Call | CallRefusal {
  switch (operation.type) {
    case 'transfer':
      return isPending(call.operations, 'transfer') ? 'transfer-under-way' : call;
    case 'startRecording':
    case 'pauseRecording':
    case 'resumeRecording':
    case 'stopRecording': {
      const pauseOnStart = operation.type === 'startRecording' && operation.pauseOnStart === true;
      const asked = { type: 'asked', request: operation.type, pauseOnStart } as const;
      const { recording, refusal } = stepRecording(call.recording, asked, nowMs);
      return refusal ?? { ...call, recording };
    }
    case 'startTranscription':
    case 'stopTranscription': {
      const type = operation.type === 'startTranscription' ? 'start' : 'stop';
      const { transcription, refusal } = stepTranscription(call.transcription, { type, id }, nowMs);
      return refusal ?? { ...call, transcription };
    }
    case 'addParticipant':
    case 'cancelAddParticipant':
    case 'removeParticipant':
    case 'muteParticipant':
    case 'hold':
    case 'unhold':
    case 'sendDtmf':
    case 'play':
    case 'cancelMedia':
    case 'recognize':
      return call;
  }
}

/** ACS has accepted the operation. Some operations are complete with that. */
export function operationAnswered(
  call: Call,
  { id, answer }: Extract<CallEvent, { type: 'OperationAnswered' }>,
  nowMs: number,
): CallStep {
  const record = call.operations.find((one) => one.id === id);
  if (record === undefined) return keep(call);
  const { invitationId, recordingId } = answer;
  let { operations, recording } = call;
  if (isDoneWhenAnswered(record.type))
    operations = settleOperation(operations, id, { state: 'succeeded' }, nowMs);
  if (invitationId !== undefined) operations = noteInvitation(operations, id, invitationId);
  if (isRecordingRequest(record.type)) {
    const answered = {
      type: 'answered',
      request: record.type,
      ...(recordingId === undefined ? {} : { recordingId }),
    } as const;
    recording = stepRecording(recording, answered, nowMs).recording;
  }
  return keep({ ...call, operations, recording });
}

/** ACS has not accepted the operation. */
export function operationRefused(
  call: Call,
  { id, reason, unknown, assumed, notDone = false }: Extract<CallEvent, { type: 'OperationRefused' }>,
  nowMs: number,
): CallStep {
  const record = call.operations.find((one) => one.id === id);
  if (record === undefined || record.state === 'succeeded') return keep(call);
  const operations = settleOperation(call.operations, id, { state: 'failed', reason, assumed }, nowMs);
  const { transcription } = stepTranscription(call.transcription, { type: 'refused', id }, nowMs);
  let { recording } = call;
  if (isRecordingRequest(record.type)) {
    const refused = { type: 'refused', request: record.type, unknown } as const;
    recording = stepRecording(recording, refused, nowMs).recording;
  }
  const refused: Call = { ...call, operations, recording, transcription };
  const isFree = notDone && record.state === 'pending' && call.outbound !== undefined;
  if (!isFree || !callsSomebody(record.type)) return finishFallback(keep(refused), nowMs);
  const outbound = giveOneBack(call.outbound, minuteOf(record.requestedAtMs));
  return finishFallback(keep({ ...refused, outbound }), nowMs);
}

function callsSomebody(type: CallOperation['type']): boolean {
  return type === 'transfer' || type === 'addParticipant';
}

function isRecordingRequest(type: CallOperation['type']): type is RecordingRequest {
  return (
    type === 'startRecording' ||
    type === 'pauseRecording' ||
    type === 'resumeRecording' ||
    type === 'stopRecording'
  );
}
