import type { CallTranscription } from '../media-operations/call-transcription.ts';
import {
  action,
  connectedCall,
  establishedConnection,
  type Operation,
  type OperationRequest,
} from './operation.ts';
import { readReplyTo } from './request-fields.ts';

/** Audio and words of a call that was answered or placed with `mediaStreamingOptions` or `transcriptionOptions`. */
export const streamingOperations: readonly Operation[] = [
  action('startMediaStreaming', 202, (request) =>
    connectedCall(request).startMedia(readReplyTo(request.fields)),
  ),
  action('stopMediaStreaming', 202, (request) =>
    connectedCall(request).stopMedia(readReplyTo(request.fields)),
  ),
  action('startTranscription', 202, startTranscription),
  action('stopTranscription', 202, (request) => transcriptionOf(request).stop(readReplyTo(request.fields))),
  action('updateTranscription', 202, updateTranscription),
];

function startTranscription(request: OperationRequest): undefined {
  const { fields } = request;
  const transcription = transcriptionOf(request);
  const locale = fields.optionalText('locale');
  transcription.start(locale, fields.optionalText('speechModelEndpointId'), readReplyTo(fields));
}

function updateTranscription(request: OperationRequest): undefined {
  const { fields } = request;
  const transcription = transcriptionOf(request);
  const locale = fields.text('locale');
  transcription.update(locale, fields.optionalText('speechModelEndpointId'), readReplyTo(fields));
}

function transcriptionOf(request: OperationRequest): CallTranscription {
  return establishedConnection(request).operations.transcription;
}
