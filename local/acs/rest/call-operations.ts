import type { Call } from '../call/call.ts';
import type { CallRegistry } from '../call/call-registry.ts';
import { RefusedError, refusals } from '../refusal.ts';
import { parseAnswerRequest } from './answer-request.ts';
import { callProperties } from './call-properties.ts';
import { Fields, invalid } from './fields.ts';
import {
  CALL,
  CALLS,
  connectedCall,
  type Operation,
  type OperationRequest,
  type OperationResult,
  once,
  plain,
} from './operation.ts';

/** Answering, placing, moving and ending whole calls. */
export const callOperations: readonly Operation[] = [
  once('answerCall', `${CALLS}:answer`, 200, answerCall),
  once('rejectCall', `${CALLS}:reject`, 204, rejectCall),
  once('redirectCall', `${CALLS}:redirect`, 204),
  once('createCall', CALLS, 201),
  once('connectCall', `${CALLS}:connect`, 200),
  plain('GET', 'getCall', CALL, 200, getCall),
  plain('DELETE', 'hangUpCall', CALL, 204, hangUp),
  once('terminateCall', `${CALL}:terminate`, 204, hangUp),
  once('transferToParticipant', `${CALL}:transferToParticipant`, 202),
];

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

function ringingCall(calls: CallRegistry, incomingCallContext: string): Call {
  const call = calls.findByContext(incomingCallContext);
  if (call === undefined) throw invalid('The field incomingCallContext is not one of this service.');
  return call;
}
