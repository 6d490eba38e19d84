import { RefusedError, refusals } from '../refusal.ts';
import { type Fields, invalid } from '../rest/fields.ts';
import type { TranscriptionConfiguration } from './call-transcription.ts';

/**
 * `WebSocketTranscriptionOptions` of answerCall, createCall and connectCall.
 * @throws RefusedError 400 8523, or 501 for what is not supported
 */
export function readTranscription(fields: Fields, operation: string): TranscriptionConfiguration {
  const transport =
    fields.oneOf('transportType', ['websocket'] as const) ?? fields.oneOf('kind', ['websocket'] as const);
  if (transport === undefined) throw invalid('The field transcriptionOptions.transportType is required.');
  const url = fields.optionalText('transportUrl');
  if (url === undefined || url === '') {
    throw new RefusedError(
      refusals.notSupported(`${operation} with transcriptionOptions without a transportUrl`),
    );
  }
  return {
    url,
    locale: fields.text('locale'),
    speechModelEndpointId: fields.optionalText('speechModelEndpointId'),
    startTranscription: fields.flag('startTranscription', false),
    enableIntermediateResults: fields.flag('enableIntermediateResults', false),
  };
}
