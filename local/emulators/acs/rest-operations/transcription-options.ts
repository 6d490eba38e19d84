import { type Fields, invalid } from '../http/fields.ts';
import type { TranscriptionConfiguration } from '../media-operations/call-transcription.ts';

/**
 * `WebSocketTranscriptionOptions` of answerCall, createCall and connectCall.
 * @throws RefusedError 400 8523
 */
export function readTranscription(fields: Fields): TranscriptionConfiguration {
  const transport =
    fields.oneOf('transportType', ['websocket'] as const) ?? fields.oneOf('kind', ['websocket'] as const);
  if (transport === undefined) throw invalid('The field transcriptionOptions.transportType is required.');
  const url = fields.optionalText('transportUrl');
  if (url === undefined || url === '') {
    throw invalid('The field transcriptionOptions.transportUrl is required for the transport websocket.');
  }
  return {
    url,
    locale: fields.text('locale'),
    speechModelEndpointId: fields.optionalText('speechModelEndpointId'),
    startTranscription: fields.flag('startTranscription', false),
    enableIntermediateResults: fields.flag('enableIntermediateResults', false),
  };
}
