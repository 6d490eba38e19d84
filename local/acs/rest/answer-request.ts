import type { Answer } from '../call/connection.ts';
import type { MediaConfiguration } from '../call/media-leg.ts';
import { RefusedError, refusals } from '../refusal.ts';
import { checkCallbackUri } from './callback-uri.ts';
import { Fields, invalid } from './fields.ts';
import { readOperationContext } from './operation.ts';

export interface AnswerRequest {
  readonly incomingCallContext: string;
  readonly answer: Answer;
  /** Members that were not understood; the service ignores such ones. */
  readonly ignored: readonly string[];
}

/**
 * `AnswerCallRequest`. Transcription is not built and therefore refused rather than ignored; `callIntelligenceOptions` only matter to
 * operations that are refused themselves.
 * @throws RefusedError 400 8523, or 501 for what is not supported
 */
export function parseAnswerRequest(body: unknown, apiVersion: string): AnswerRequest {
  const fields = new Fields(body);
  const incomingCallContext = fields.text('incomingCallContext');
  const callbackUri = checkCallbackUri('callbackUri', fields.text('callbackUri'));
  const operationContext = readOperationContext(fields);
  const answeredBy = fields.object('answeredBy')?.text('id');
  fields.has('callIntelligenceOptions');
  if (fields.has('transcriptionOptions')) {
    throw new RefusedError(refusals.notSupported('transcriptionOptions of answerCall'));
  }
  const mediaFields = fields.object('mediaStreamingOptions');
  const media = mediaFields === undefined ? undefined : parseMedia(mediaFields);
  return {
    incomingCallContext,
    answer: {
      callbackUri,
      apiVersion,
      operationContext,
      answeredBy: answeredBy === undefined ? undefined : { id: answeredBy },
      media,
    },
    ignored: [...fields.unread(), ...(mediaFields?.unread() ?? [])],
  };
}

/** `WebSocketMediaStreamingOptions`; API versions before `transportType` called it `kind`. */
function parseMedia(fields: Fields): MediaConfiguration {
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
    throw new RefusedError(refusals.notSupported('media streaming without a transportUrl'));
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
