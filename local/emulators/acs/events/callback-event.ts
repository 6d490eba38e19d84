/** Microsoft's numbers for how an operation ended. */
export interface ResultInformation {
  readonly code: number;
  readonly subCode: number;
  readonly message: string;
  /** What the telephone network answered with, where it was asked. */
  readonly sipDetails?: { readonly code: number; readonly message: string };
  readonly q850Details?: { readonly code: number; readonly message: string };
}

export function resultOf(code: number, subCode: number, message: string): ResultInformation {
  return { code, subCode, message };
}

type MediaStreamingDetails =
  | 'subscriptionStarted'
  | 'subscriptionStopped'
  | 'streamConnectionUnsuccessful'
  | 'streamConnectionInterrupted'
  | 'streamConnectionReestablished';

/** The types of `Microsoft.Communication.*` callback events, without that prefix. */
export const CALLBACK_EVENT_TYPES = [
  'CallConnected',
  'CallDisconnected',
  'ParticipantsUpdated',
  'AnswerFailed',
  'CreateCallFailed',
  'ConnectFailed',
  'CallTransferAccepted',
  'CallTransferFailed',
  'AddParticipantSucceeded',
  'AddParticipantFailed',
  'RemoveParticipantSucceeded',
  'RemoveParticipantFailed',
  'CancelAddParticipantSucceeded',
  'CancelAddParticipantFailed',
  'MoveParticipantSucceeded',
  'MoveParticipantFailed',
  'PlayStarted',
  'PlayCompleted',
  'PlayFailed',
  'PlayCanceled',
  'RecognizeCompleted',
  'RecognizeFailed',
  'RecognizeCanceled',
  'ContinuousDtmfRecognitionToneReceived',
  'ContinuousDtmfRecognitionToneFailed',
  'ContinuousDtmfRecognitionStopped',
  'SendDtmfTonesCompleted',
  'SendDtmfTonesFailed',
  'HoldFailed',
  'HoldAudioStarted',
  'HoldAudioPaused',
  'HoldAudioResumed',
  'HoldAudioCompleted',
  'RecordingStateChanged',
  'StartRecordingFailed',
  'MediaStreamingStarted',
  'MediaStreamingStopped',
  'MediaStreamingFailed',
  'TranscriptionStarted',
  'TranscriptionStopped',
  'TranscriptionUpdated',
  'TranscriptionFailed',
] as const;

export type CallbackEventType = (typeof CALLBACK_EVENT_TYPES)[number];

type MediaStreamingEventType = Extract<CallbackEventType, `MediaStreaming${string}`>;

/** What the events of an operation carry back, and where they go. */
export interface ReplyTo {
  readonly operationContext?: string | undefined;
  /** Instead of the call's own callback URI, for the events of this operation. */
  readonly operationCallbackUri?: string | undefined;
}

/**
 * An operation that ends another one may name its own context and URI; what it leaves out stays as the first one named
 * it.
 */
export function override(first: ReplyTo, { operationContext, operationCallbackUri }: ReplyTo): ReplyTo {
  return {
    operationContext: operationContext ?? first.operationContext,
    operationCallbackUri: operationCallbackUri ?? first.operationCallbackUri,
  };
}

/** What happened, before it has an id, a time and an address. */
export interface CallbackEvent {
  readonly type: CallbackEventType;
  /** Members of the event's own, beside those that every event has. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  readonly result?: ResultInformation | undefined;
  readonly operationContext?: string | undefined;
  /** The recording that tells it: it is on the call by a connection of its own. */
  readonly recording?: { readonly recordingId: string; readonly callConnectionId: string } | undefined;
}

/** The call that an event is about. */
export interface EventOrigin {
  readonly callConnectionId: string;
  readonly serverCallId: string;
  readonly correlationId: string;
  /** The `api-version` that the call was answered with. */
  readonly version: string;
}

const STATUS = {
  MediaStreamingStarted: 'mediaStreamingStarted',
  MediaStreamingStopped: 'mediaStreamingStopped',
  MediaStreamingFailed: 'mediaStreamingFailed',
} as const satisfies Record<MediaStreamingEventType, string>;

/** Events of success without a word about it: those of call signalling, as recorded; those of media have one. */
const WORDLESS: ReadonlySet<CallbackEventType> = new Set([
  'CallConnected',
  'ParticipantsUpdated',
  'CallTransferAccepted',
  'AddParticipantSucceeded',
  'RemoveParticipantSucceeded',
  'MoveParticipantSucceeded',
  'RecordingStateChanged',
  'SendDtmfTonesCompleted',
]);

/** From this API version on, events of connections have no `eventSource`: recorded with it, captured before it. */
const WITHOUT_EVENT_SOURCE = '2024-09-01';

/**
 * The request body of one callback: a JSON array with one CloudEvents 1.0 event. The envelope, `publicEventType`,
 * `eventSource` and the capital A of `contentType: "Audio"` are those of payloads captured from the service (Azure SDK
 * for Java, parser unit tests).
 */
export function encodeCallbackEvent(
  event: CallbackEvent,
  origin: EventOrigin,
  id: string,
  nowMs: number,
): string {
  const type = `Microsoft.Communication.${event.type}`;
  const { recording } = event;
  const source =
    recording === undefined
      ? `calling/callConnections/${origin.callConnectionId}`
      : `calling/recordings/${origin.serverCallId}/${recording.recordingId}/RecordingStateChanged`;
  const hasSource = recording !== undefined || origin.version < WITHOUT_EVENT_SOURCE;
  const data = {
    eventSource: hasSource ? source : undefined,
    operationContext: event.operationContext,
    resultInformation: event.result && worded(event.type, event.result),
    ...event.data,
    version: origin.version,
    callConnectionId: recording?.callConnectionId ?? origin.callConnectionId,
    serverCallId: origin.serverCallId,
    correlationId: origin.correlationId,
    publicEventType: type,
  };
  return JSON.stringify([
    {
      id,
      source,
      type,
      data,
      time: dotNetTime(nowMs),
      specversion: '1.0',
      datacontenttype: 'application/json',
      subject: source,
    },
  ]);
}

function worded(type: CallbackEventType, result: ResultInformation): ResultInformation {
  const succeeded = result.code === 200 && result.subCode === 0;
  return succeeded && WORDLESS.has(type) ? { ...result, message: '' } : result;
}

/** Seven digits of a second and a numeric offset, as .NET writes it. */
export function dotNetTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '0000+00:00');
}

/** An event about the media stream, as captured. */
export function mediaStreamingEvent(
  type: MediaStreamingEventType,
  details: MediaStreamingDetails,
  result: ResultInformation,
): CallbackEvent {
  const mediaStreamingUpdate = {
    contentType: 'Audio',
    mediaStreamingStatus: STATUS[type],
    mediaStreamingStatusDetails: details,
  };
  return { type, data: { mediaStreamingUpdate }, result };
}
