import { Fields } from '../http/fields.ts';
import {
  CALL,
  connectedCall,
  type Operation,
  type OperationRequest,
  type OperationResult,
  plain,
  readReplyTo,
} from './operation.ts';

/** Audio streaming of a call that was answered or placed with `mediaStreamingOptions`. */
export const streamingOperations: readonly Operation[] = [
  plain('POST', 'startMediaStreaming', `${CALL}:startMediaStreaming`, 202, startMediaStreaming),
  plain('POST', 'stopMediaStreaming', `${CALL}:stopMediaStreaming`, 202, stopMediaStreaming),
];

function startMediaStreaming(request: OperationRequest): OperationResult {
  const replyTo = readReplyTo(new Fields(request.body));
  connectedCall(request).startMedia(replyTo);
  return {};
}

function stopMediaStreaming(request: OperationRequest): OperationResult {
  const replyTo = readReplyTo(new Fields(request.body));
  connectedCall(request).stopMedia(replyTo);
  return {};
}
