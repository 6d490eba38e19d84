import type { Call } from '../call/call.ts';
import type { CallRegistry } from '../call/call-registry.ts';
import { RefusedError, refusals } from '../refusal.ts';
import { parseAnswerRequest, readOperationContext } from './answer-request.ts';
import { callProperties } from './call-properties.ts';
import { checkCallbackUri } from './callback-uri.ts';
import { Fields, invalid } from './fields.ts';

export interface OperationRequest {
  readonly calls: CallRegistry;
  /** Values of the placeholders of the path, percent-decoded. */
  readonly path: ReadonlyMap<string, string>;
  /** The JSON body; `{}` when the body is empty. */
  readonly body: unknown;
  readonly apiVersion: string;
  readonly warn: (sentence: string) => void;
}

export interface OperationResult {
  readonly json?: unknown;
  /** Called when the same request is answered again from memory. */
  readonly onReplay?: () => void;
}

export interface Operation {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** HTTP status of success; the SDKs take any other, even another 2xx, for an error. */
  readonly success: number;
  /** Whether a `Repeatability-Request-ID` counts. */
  readonly repeatable: boolean;
  /** Absent: not supported, answered with 501. @throws RefusedError */
  readonly perform?: (request: OperationRequest) => OperationResult;
}

const CALLS = '/calling/callConnections';
const CALL = `${CALLS}/{callConnectionId}`;
const RECORDINGS = '/calling/recordings';
const RECORDING = `${RECORDINGS}/{recordingId}`;

/** Every operation of Call Automation, API version 2026-03-12. To add one, give its row a `perform`. */
export const OPERATIONS: readonly Operation[] = [
  once('answerCall', `${CALLS}:answer`, 200, answerCall),
  once('rejectCall', `${CALLS}:reject`, 204, rejectCall),
  once('redirectCall', `${CALLS}:redirect`, 204),
  once('createCall', CALLS, 201),
  once('connectCall', `${CALLS}:connect`, 200),
  plain('GET', 'getCall', CALL, 200, getCall),
  plain('DELETE', 'hangUpCall', CALL, 204, hangUp),
  once('terminateCall', `${CALL}:terminate`, 204, hangUp),
  once('transferToParticipant', `${CALL}:transferToParticipant`, 202),
  plain('GET', 'listParticipants', `${CALL}/participants`, 200),
  plain('GET', 'getParticipant', `${CALL}/participants/{participantRawId}`, 200),
  once('addParticipant', `${CALL}/participants:add`, 202),
  once('removeParticipant', `${CALL}/participants:remove`, 202),
  once('muteParticipants', `${CALL}/participants:mute`, 200),
  once('cancelAddParticipant', `${CALL}/participants:cancelAddParticipant`, 202),
  once('moveParticipants', `${CALL}/participants:moveHere`, 202),
  plain('POST', 'play', `${CALL}:play`, 202),
  plain('POST', 'recognize', `${CALL}:recognize`, 202),
  plain('POST', 'cancelAllMediaOperations', `${CALL}:cancelAllMediaOperations`, 202),
  plain('POST', 'startContinuousDtmfRecognition', `${CALL}:startContinuousDtmfRecognition`, 200),
  plain('POST', 'stopContinuousDtmfRecognition', `${CALL}:stopContinuousDtmfRecognition`, 200),
  once('sendDtmfTones', `${CALL}:sendDtmfTones`, 202),
  plain('POST', 'hold', `${CALL}:hold`, 200),
  plain('POST', 'unhold', `${CALL}:unhold`, 200),
  plain('POST', 'startMediaStreaming', `${CALL}:startMediaStreaming`, 202, startMediaStreaming),
  plain('POST', 'stopMediaStreaming', `${CALL}:stopMediaStreaming`, 202, stopMediaStreaming),
  plain('POST', 'startTranscription', `${CALL}:startTranscription`, 202),
  plain('POST', 'stopTranscription', `${CALL}:stopTranscription`, 202),
  plain('POST', 'updateTranscription', `${CALL}:updateTranscription`, 202),
  once('startRecording', RECORDINGS, 200),
  plain('GET', 'getRecordingProperties', RECORDING, 200),
  plain('DELETE', 'stopRecording', RECORDING, 204),
  plain('POST', 'pauseRecording', `${RECORDING}:pause`, 202),
  plain('POST', 'resumeRecording', `${RECORDING}:resume`, 202),
];

function once(name: string, path: string, success: number, perform?: Operation['perform']): Operation {
  return { name, method: 'POST', path, success, repeatable: true, ...(perform && { perform }) };
}

function plain(
  method: Operation['method'],
  name: string,
  path: string,
  success: number,
  perform?: Operation['perform'],
): Operation {
  return { name, method, path, success, repeatable: false, ...(perform && { perform }) };
}

function answerCall({ calls, body, apiVersion, warn }: OperationRequest): OperationResult {
  const { incomingCallContext, answer, ignored } = parseAnswerRequest(body, apiVersion);
  if (ignored.length > 0) warn(`answerCall: ignored unknown members ${ignored.join(', ')}`);
  const call = ringingCall(calls, incomingCallContext);
  call.accept(answer);
  return { json: callProperties(call), onReplay: () => call.countReplayedAnswer() };
}

function rejectCall({ calls, body }: OperationRequest): OperationResult {
  const fields = new Fields(body);
  const context = fields.text('incomingCallContext');
  fields.oneOf('callRejectReason', ['none', 'busy', 'forbidden']);
  ringingCall(calls, context).reject();
  return {};
}

function getCall(request: OperationRequest): OperationResult {
  const call = connectedCall(request);
  if (call.state === 'disconnected') throw new RefusedError(refusals.callNotFound());
  return { json: callProperties(call) };
}

/** For oneself or for everybody: with one telephone on the call both end it. */
function hangUp(request: OperationRequest): OperationResult {
  connectedCall(request).hangUpByApplication();
  return {};
}

function startMediaStreaming(request: OperationRequest): OperationResult {
  const operation = readMediaOperation(request.body);
  connectedCall(request).startMedia(operation);
  return {};
}

function stopMediaStreaming(request: OperationRequest): OperationResult {
  const operation = readMediaOperation(request.body);
  connectedCall(request).stopMedia(operation);
  return {};
}

function readMediaOperation(body: unknown): { operationContext?: string; callbackUri?: string } {
  const fields = new Fields(body);
  const operationContext = readOperationContext(fields);
  const callbackUri = fields.optionalText('operationCallbackUri');
  return {
    ...(operationContext === undefined ? {} : { operationContext }),
    ...(callbackUri === undefined
      ? {}
      : { callbackUri: checkCallbackUri('operationCallbackUri', callbackUri) }),
  };
}

function ringingCall(calls: CallRegistry, incomingCallContext: string): Call {
  const call = calls.findByContext(incomingCallContext);
  if (call === undefined) throw invalid('The field incomingCallContext is not one of this service.');
  return call;
}

function connectedCall({ calls, path }: OperationRequest): Call {
  const call = calls.findConnected(path.get('callConnectionId') ?? '');
  if (call === undefined) throw new RefusedError(refusals.callNotFound());
  return call;
}
