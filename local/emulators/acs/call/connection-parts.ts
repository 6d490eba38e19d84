import type { Phone } from '../../../phone/phone.ts';
import type { Random } from '../../common/random.ts';
import type { ReplyTo } from '../events/callback-event.ts';
import { CallbackOutbox, type SentEvent } from '../events/callback-outbox.ts';
import { plannedDeliveryFaults, plannedMediaFaults } from '../faults/planned-faults.ts';
import type { MediaStreamListener } from '../media/port.ts';
import { CallOperations, type CallOperationsOptions } from '../media-operations/call-operations.ts';
import {
  CallTranscription,
  type TranscriptionConfiguration,
} from '../media-operations/call-transcription.ts';
import type { CallEnvironment } from './call-environment.ts';
import { type MediaConfiguration, MediaLeg } from './media-leg.ts';

/** What the application said when it answered or placed a call. */
export interface Answer extends ReplyTo {
  readonly callbackUri: string;
  readonly apiVersion: string;
  readonly answeredBy?: { readonly id: string } | undefined;
  readonly media?: MediaConfiguration | undefined;
  readonly transcription?: TranscriptionConfiguration | undefined;
}

/** What the parts of one connection are made from. */
export interface Making {
  readonly answer: Answer;
  readonly parties: {
    readonly callConnectionId: string;
    readonly serverCallId: string;
    readonly correlationId: string;
  };
  readonly environment: CallEnvironment;
  /** Chance of this connection alone. */
  readonly random: Random;
}

export function newOutbox(
  { answer, parties, environment, random }: Making,
  onSent: (event: SentEvent) => void,
): CallbackOutbox {
  const { behaviour, clock, tokens, faults, record } = environment;
  const { callConnectionId, serverCallId, correlationId } = parties;
  return new CallbackOutbox({
    clock,
    tokens,
    origin: { callConnectionId, serverCallId, correlationId, version: answer.apiVersion },
    retryDelaysMs: behaviour.callbackRetryDelaysMs,
    answerLimitMs: behaviour.callbackAnswerMs,
    repeatUnanswered: behaviour.repeatUnansweredCallbacks,
    onSent,
    onAttempt: ({ id, type, attempts, result }) =>
      record({ kind: 'callback', callConnectionId, id, type, attempts, result }),
    headers: {
      'content-type': `${behaviour.callbackContentType}; charset=utf-8`,
      ...(behaviour.callbackConnectionIdHeader ? { 'x-ms-call-connection-id': callConnectionId } : {}),
    },
    random: random.branch('callbacks'),
    drawFaults: plannedDeliveryFaults(faults, 'callback', random.branch('callback faults')),
    clockSkewMs: () => faults.clockSkewMs,
  });
}

/** Undefined where no media streaming options were given. */
export function newMediaLeg(
  { answer, parties, environment, random }: Making,
  phones: readonly Phone[],
  listener: MediaStreamListener,
): MediaLeg | undefined {
  if (answer.media === undefined) return undefined;
  const { callConnectionId, correlationId } = parties;
  const { tokens, openMediaStream, faults } = environment;
  return new MediaLeg({
    configuration: answer.media,
    callConnectionId,
    correlationId,
    phones,
    tokens,
    openMediaStream,
    random: random.branch('media'),
    faults: plannedMediaFaults(faults, random.branch('media faults')),
    listener,
  });
}

export function newOperations(
  { answer, parties, environment, random }: Making,
  connection: Pick<CallOperationsOptions, 'phones' | 'isShown' | 'setOnHold' | 'showOnHold' | 'emit'>,
): CallOperations {
  const { behaviour, clock, tokens, loadPrompt, ticker, openTranscriptionStream } = environment;
  const { callConnectionId, correlationId } = parties;
  const recordingIds = random.branch('recordings');
  const transcriptionIds = random.branch('transcription');
  return new CallOperations({
    ...connection,
    clock,
    loadPrompt,
    recordingDelayMs: behaviour.mediaEventDelayMs,
    newRecordingId: () => recordingIds.uuid(),
    transcription: new CallTranscription({
      configuration: answer.transcription,
      callConnectionId,
      correlationId,
      replyTo: { operationContext: answer.operationContext },
      emit: connection.emit,
      mediaToken: () => tokens.mediaToken(),
      newId: () => transcriptionIds.uuid(),
      intermediateWords: behaviour.intermediateWords,
      open: openTranscriptionStream,
    }),
    ticker,
    sampleRateHz: mediaRateHz(answer.media),
  });
}

/** A call without a media stream sounds as one with the default format would. */
export function mediaRateHz(media: MediaConfiguration | undefined): number {
  return media?.audioFormat === 'pcm24KMono' ? 24_000 : 16_000;
}
