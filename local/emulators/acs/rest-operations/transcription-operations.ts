import { Fields } from '../http/fields.ts';
import {
  CALL,
  establishedConnection,
  type Operation,
  type OperationRequest,
  type OperationResult,
  plain,
  readReplyTo,
} from './operation.ts';

export const transcriptionOperations: readonly Operation[] = [
  plain('POST', 'startTranscription', `${CALL}:startTranscription`, 202, start),
  plain('POST', 'stopTranscription', `${CALL}:stopTranscription`, 202, stop),
  plain('POST', 'updateTranscription', `${CALL}:updateTranscription`, 202, update),
];

function start(request: OperationRequest): OperationResult {
  const fields = new Fields(request.body);
  const { transcription } = establishedConnection(request).operations;
  const locale = fields.optionalText('locale');
  transcription.start(locale, fields.optionalText('speechModelEndpointId'), readReplyTo(fields));
  return {};
}

function stop(request: OperationRequest): OperationResult {
  const fields = new Fields(request.body);
  establishedConnection(request).operations.transcription.stop(readReplyTo(fields));
  return {};
}

function update(request: OperationRequest): OperationResult {
  const fields = new Fields(request.body);
  const { transcription } = establishedConnection(request).operations;
  const locale = fields.text('locale');
  transcription.update(locale, fields.optionalText('speechModelEndpointId'), readReplyTo(fields));
  return {};
}
