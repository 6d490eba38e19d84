import type { Answer } from '../call/answer.ts';
import type { MediaConfiguration } from '../call/media-leg.ts';
import { type Fields, invalid } from '../http/fields.ts';
import { checkCallbackUri } from './callback-uri.ts';
import { readOperationContext } from './operation.ts';
import { readTranscription } from './transcription-options.ts';

/**
 * What answerCall, createCall and connectCall have in common: where events go, how audio is streamed and words are transcribed.
 * `callIntelligenceOptions` are taken and not needed: nothing is synthesized or recognized elsewhere.
 * @throws RefusedError 400 8523
 */
export function readCallSetup(fields: Fields, apiVersion: string): Answer {
  const callbackUri = checkCallbackUri('callbackUri', fields.text('callbackUri'));
  const operationContext = readOperationContext(fields);
  const transcription = fields.object('transcriptionOptions');
  const media = fields.object('mediaStreamingOptions');
  return {
    callbackUri,
    apiVersion,
    operationContext,
    media: media === undefined ? undefined : readMedia(media),
    transcription: transcription === undefined ? undefined : readTranscription(transcription),
  };
}

/** `WebSocketMediaStreamingOptions`; API versions before `transportType` called it `kind`. */
function readMedia(fields: Fields): MediaConfiguration {
  const transport =
    fields.oneOf('transportType', ['websocket']) ?? fields.oneOf('kind', ['websocket'] as const);
  if (transport === undefined) throw invalid('The field mediaStreamingOptions.transportType is required.');
  const audioChannelType = fields.oneOf('audioChannelType', ['mixed', 'unmixed'] as const);
  if (audioChannelType === undefined) {
    throw invalid('The field mediaStreamingOptions.audioChannelType is required.');
  }
  fields.oneOf('contentType', ['audio']);
  const url = fields.optionalText('transportUrl');
  if (url === undefined || url === '') {
    throw invalid('The field mediaStreamingOptions.transportUrl is required for the transport websocket.');
  }
  return {
    url,
    audioChannelType,
    audioFormat: fields.oneOf('audioFormat', ['pcm16KMono', 'pcm24KMono'] as const) ?? 'pcm16KMono',
    startMediaStreaming: fields.flag('startMediaStreaming', false),
    enableBidirectional: fields.flag('enableBidirectional', false),
    enableDtmfTones: fields.flag('enableDtmfTones', false),
  };
}
