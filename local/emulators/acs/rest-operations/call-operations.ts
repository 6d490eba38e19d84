import type { Call } from '../call/call.ts';
import type { CallRegistry } from '../exchange/call-registry.ts';
import { transfer } from '../exchange/transfer.ts';
import { invalid } from '../http/fields.ts';
import { RefusedError, refusals } from '../http/refusal.ts';
import { identifierOf } from '../telephones/identifiers.ts';
import { callProperties } from './call-properties.ts';
import { parseAnswerRequest, parseCreateCallRequest, readCallSetup } from './call-setup.ts';
import {
  CALL,
  CALLS,
  connectedCall,
  establishedConnection,
  type Operation,
  type OperationRequest,
  type OperationResult,
  once,
  plain,
} from './operation.ts';
import {
  readCallingContext,
  readCallLocation,
  readIdentifier,
  readPhoneNumber,
  readReplyTo,
  requireIdentifier,
} from './request-fields.ts';

/** Answering, placing, moving and ending whole calls. */
export const callOperations: readonly Operation[] = [
  once('answerCall', `${CALLS}:answer`, 200, answerCall),
  once('rejectCall', `${CALLS}:reject`, 204, rejectCall),
  once('redirectCall', `${CALLS}:redirect`, 204, redirectCall),
  once('createCall', CALLS, 201, createCall),
  once('connectCall', `${CALLS}:connect`, 200, connectCall),
  plain('GET', 'getCall', CALL, 200, getCall),
  plain('DELETE', 'hangUpCall', CALL, 204, leaveCall),
  once('terminateCall', `${CALL}:terminate`, 204, terminateCall),
  once('transferToParticipant', `${CALL}:transferToParticipant`, 202, transferToParticipant),
];

function answerCall({ calls, fields, apiVersion }: OperationRequest): OperationResult {
  const { incomingCallContext, answer } = parseAnswerRequest(fields, apiVersion);
  const call = ringingCall(calls, incomingCallContext);
  call.accept(answer);
  return { json: callProperties(call, apiVersion), onReplay: () => call.countReplayedAnswer() };
}

function rejectCall({ calls, fields }: OperationRequest): undefined {
  const context = fields.text('incomingCallContext');
  const reason = fields.oneOf('callRejectReason', ['none', 'busy', 'forbidden']);
  ringingCall(calls, context).reject(reason === 'busy');
}

function getCall(request: OperationRequest): OperationResult {
  const call = connectedCall(request);
  if (call.state === 'disconnected') throw new RefusedError(refusals.callNotFound());
  return { json: callProperties(call, request.apiVersion, true) };
}

function redirectCall({ calls, dialer, fields }: OperationRequest): undefined {
  const call = ringingCall(calls, fields.text('incomingCallContext'));
  const identifier = requireIdentifier(fields, 'target');
  dialer.redirect(call, { identifier, from: call.from });
}

function createCall({ dialer, fields, apiVersion, ownUserId }: OperationRequest): OperationResult {
  const call = dialer.place(parseCreateCallRequest(fields, apiVersion, ownUserId));
  return { json: callProperties(call, apiVersion) };
}

/** Connects to a call that goes on, to a group call, or to a room. */
function connectCall({ dialer, fields, apiVersion, ownUserId }: OperationRequest): OperationResult {
  const locator = fields.object('callLocator');
  if (locator === undefined) throw invalid('The field callLocator is required.');
  const location = readCallLocation(locator);
  const answer = readCallSetup(fields, apiVersion);
  const call = dialer.connect(location, ownUserId, answer);
  return { json: { ...callProperties(call, apiVersion), serverCallId: call.ids.serverCallId } };
}

/** For oneself: with two or more others on the call, these go on talking. */
function leaveCall(request: OperationRequest): undefined {
  const call = connectedCall(request);
  const { connection } = call;
  if (connection === undefined) throw new RefusedError(refusals.callNotFound());
  request.dialer.leave(call, connection);
}

/** For everybody. */
function terminateCall(request: OperationRequest): undefined {
  connectedCall(request).terminate();
}

function transferToParticipant(request: OperationRequest): OperationResult {
  const { fields } = request;
  const identifier = requireIdentifier(fields, 'targetParticipant');
  const transferee = readIdentifier(fields, 'transferee');
  const number = readPhoneNumber(fields, 'sourceCallerIdNumber');
  const replyTo = readReplyTo(fields);
  const connection = establishedConnection(request);
  const from = number === undefined ? transferee : identifierOf(number);
  transfer(connection, request.dialer, {
    invite: { identifier, from, ...readCallingContext(fields) },
    transferee,
    replyTo,
  });
  return { json: { operationContext: replyTo.operationContext } };
}

function ringingCall(calls: CallRegistry, incomingCallContext: string): Call {
  const call = calls.findByContext(incomingCallContext);
  if (call === undefined) throw invalid('The field incomingCallContext is not one of this service.');
  return call;
}
