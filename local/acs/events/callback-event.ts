import type { IdentifierJson } from '../../event-grid/incoming-call.ts';

/** Microsoft's numbers for how an operation ended. */
export interface ResultInformation {
  readonly code: number;
  readonly subCode: number;
  readonly message: string;
}

export type MediaStreamingDetails =
  | 'subscriptionStarted'
  | 'subscriptionStopped'
  | 'streamConnectionUnsuccessful'
  | 'streamConnectionInterrupted'
  | 'streamConnectionReestablished';

export type MediaStreamingEventType =
  | 'MediaStreamingStarted'
  | 'MediaStreamingStopped'
  | 'MediaStreamingFailed';

/** What happened, before it has an id, a time and an address. */
export type CallbackEvent = (
  | { readonly type: 'CallConnected' }
  | { readonly type: 'CallDisconnected' }
  | { readonly type: 'ParticipantsUpdated'; readonly sequenceNumber: number }
  | { readonly type: MediaStreamingEventType; readonly details: MediaStreamingDetails }
) & {
  readonly result: ResultInformation;
  readonly operationContext?: string | undefined;
};

/** The call that an event is about. */
export interface EventOrigin {
  readonly callConnectionId: string;
  readonly serverCallId: string;
  readonly correlationId: string;
  /** The `api-version` that the call was answered with. */
  readonly version: string;
  readonly participants: readonly IdentifierJson[];
}

const STATUS = {
  MediaStreamingStarted: 'mediaStreamingStarted',
  MediaStreamingStopped: 'mediaStreamingStopped',
  MediaStreamingFailed: 'mediaStreamingFailed',
} as const satisfies Record<MediaStreamingEventType, string>;

/**
 * The request body of one callback: a JSON array with one CloudEvents 1.0 event. The envelope, `publicEventType`, `eventSource` and the
 * capital A of `contentType: "Audio"` are those of payloads captured from the service (Azure SDK for Java, parser unit tests).
 */
export function encodeCallbackEvent(
  event: CallbackEvent,
  origin: EventOrigin,
  id: string,
  nowMs: number,
): string {
  const type = `Microsoft.Communication.${event.type}`;
  const source = `calling/callConnections/${origin.callConnectionId}`;
  const data = {
    eventSource: source,
    ...(event.operationContext === undefined ? {} : { operationContext: event.operationContext }),
    resultInformation: event.result,
    ...details(event, origin),
    version: origin.version,
    callConnectionId: origin.callConnectionId,
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
      time: new Date(nowMs).toISOString().replace('Z', '0000+00:00'),
      specversion: '1.0',
      datacontenttype: 'application/json',
      subject: source,
    },
  ]);
}

function details(event: CallbackEvent, origin: EventOrigin): Record<string, unknown> {
  switch (event.type) {
    case 'CallConnected':
    case 'CallDisconnected':
      return {};
    case 'ParticipantsUpdated':
      return {
        sequenceNumber: event.sequenceNumber,
        participants: origin.participants.map((identifier) => ({
          identifier,
          isMuted: false,
          isOnHold: false,
        })),
      };
    case 'MediaStreamingStarted':
    case 'MediaStreamingStopped':
    case 'MediaStreamingFailed':
      return {
        mediaStreamingUpdate: {
          contentType: 'Audio',
          mediaStreamingStatus: STATUS[event.type],
          mediaStreamingStatusDetails: event.details,
        },
      };
  }
}
