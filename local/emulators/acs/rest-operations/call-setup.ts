import type { Answer } from '../call/connection-parts.ts';
import type { MediaConfiguration } from '../call/media-leg.ts';
import type { DialRequest } from '../exchange/dialer.ts';
import { type Fields, invalid } from '../http/fields.ts';
import type { TranscriptionConfiguration } from '../media-operations/call-transcription.ts';
import { identifierOf, phoneNumberOf } from '../telephones/identifiers.ts';
import { MAX_INVITATIONS } from '../telephones/invitations.ts';
import {
  checkCallbackUri,
  readIdentifiers,
  readOperationContext,
  readPhoneNumber,
} from './request-fields.ts';

interface AnswerRequest {
  readonly incomingCallContext: string;
  readonly answer: Answer;
}

/** `AnswerCallRequest`. @throws RefusedError 400 8523 */
export function parseAnswerRequest(fields: Fields, apiVersion: string): AnswerRequest {
  const incomingCallContext = fields.text('incomingCallContext');
  const answeredBy = fields.object('answeredBy')?.text('id');
  return {
    incomingCallContext,
    answer: {
      ...readCallSetup(fields, apiVersion),
      answeredBy: answeredBy === undefined ? undefined : { id: answeredBy },
    },
  };
}

/**
 * What answerCall, createCall and connectCall have in common: where events go, how audio is streamed and words are
 * transcribed. `callIntelligenceOptions` are accepted and not needed: no other service synthesizes or recognizes
 * anything.
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
    media: media && readMedia(media),
    transcription: transcription && readTranscription(transcription),
  };
}

/** `WebSocketMediaStreamingOptions`. */
function readMedia(fields: Fields): MediaConfiguration {
  requireWebSocket(fields, 'mediaStreamingOptions');
  const audioChannelType = fields.oneOf('audioChannelType', ['mixed', 'unmixed'] as const);
  if (audioChannelType === undefined)
    throw invalid('The field mediaStreamingOptions.audioChannelType is required.');
  fields.oneOf('contentType', ['audio']);
  return {
    url: transportUrl(fields, 'mediaStreamingOptions'),
    audioChannelType,
    audioFormat: fields.oneOf('audioFormat', ['pcm16KMono', 'pcm24KMono'] as const) ?? 'pcm16KMono',
    startMediaStreaming: fields.flag('startMediaStreaming', false),
    enableBidirectional: fields.flag('enableBidirectional', false),
    enableDtmfTones: fields.flag('enableDtmfTones', false),
  };
}

/** `WebSocketTranscriptionOptions`. */
function readTranscription(fields: Fields): TranscriptionConfiguration {
  requireWebSocket(fields, 'transcriptionOptions');
  return {
    url: transportUrl(fields, 'transcriptionOptions'),
    locale: fields.text('locale'),
    speechModelEndpointId: fields.optionalText('speechModelEndpointId'),
    startTranscription: fields.flag('startTranscription', false),
    enableIntermediateResults: fields.flag('enableIntermediateResults', false),
  };
}

/** API versions before `transportType` called it `kind`. */
function requireWebSocket(fields: Fields, name: string): void {
  const transport = fields.oneOf('transportType', ['websocket']) ?? fields.oneOf('kind', ['websocket']);
  if (transport === undefined) throw invalid(`The field ${name}.transportType is required.`);
}

function transportUrl(fields: Fields, name: string): string {
  const url = fields.optionalText('transportUrl');
  if (url !== undefined && url !== '') return url;
  throw invalid(`The field ${name}.transportUrl is required for the transport websocket.`);
}

/**
 * `CreateCallRequest`, of one target or several. Without `source` the application calls under an identity of its own.
 * @throws RefusedError 400 8523
 */
export function parseCreateCallRequest(fields: Fields, apiVersion: string, ownUserId: string): DialRequest {
  const targets = readIdentifiers(fields, 'targets');
  if (targets.length > MAX_INVITATIONS)
    throw invalid(`The field targets must not name more than ${MAX_INVITATIONS} participants.`);
  const sourceCallerIdNumber = readPhoneNumber(fields, 'sourceCallerIdNumber');
  if (sourceCallerIdNumber === undefined && targets.some((target) => phoneNumberOf(target) !== undefined))
    throw invalid('The field sourceCallerIdNumber is required to call a phone number.');
  const sourceDisplayName = fields.optionalText('sourceDisplayName');
  const teamsApp = fields.object('teamsAppSource')?.text('appId');
  const sourceId =
    fields.object('source')?.text('id') ?? (teamsApp === undefined ? ownUserId : `28:orgid:${teamsApp}`);
  const source = identifierOf(sourceId);
  if (source === undefined) throw invalid('The field source.id must be a user such as 8:acs:….');
  if (targets.some(({ rawId }) => rawId === source.rawId))
    throw invalid('The field targets names the source: nobody can call themselves.');
  const number = sourceCallerIdNumber === undefined ? undefined : identifierOf(sourceCallerIdNumber);
  return {
    source,
    targets,
    sourceCallerIdNumber,
    sourceDisplayName,
    answer: readCallSetup(fields, apiVersion),
    invites: targets.map((identifier) => ({
      identifier,
      // Only telephones are shown the number.
      from: phoneNumberOf(identifier) === undefined ? source : (number ?? source),
      displayName: sourceDisplayName,
    })),
  };
}
