import { parseCallAutomationEvent } from '@azure/communication-call-automation';
import { describe, expect, it } from 'vitest';
import { CALL_ENDED, COMPLETED, STREAM_FAILED } from '../../../../../local/emulators/acs/call/results.ts';
import {
  type CallbackEvent,
  encodeCallbackEvent,
  mediaStreamingEvent,
} from '../../../../../local/emulators/acs/events/callback-event.ts';

const SERVER_CALL_ID =
  'aHR0cHM6Ly9hcGkuZmxpZ2h0cHJveHkuc2t5cGUuY29tL2FwaS92Mi9jcC9jb252LW1hc28tMDEtcHJvZC1ha3MuY29udi5za3lwZS5jb20vY29udi9LTTQteUZBUmhVYXN3T1RqbklPSXZnP2k9MTAtMTI4LTk1LTUyJmU9NjM4NTAwMTgzOTYwNzY2MzQ0';

const ORIGIN = {
  callConnectionId: '4c1f5600-a9c6-4343-8979-b638a98de98f',
  serverCallId: SERVER_CALL_ID,
  correlationId: '30f0ad34-d615-4bf3-8476-5630ae7fc3db',
  version: '2024-06-15-preview',
};

const PARTICIPANTS = ['+1999', '+1888'].map((value) => ({
  identifier: { kind: 'phoneNumber', rawId: `4:${value}`, phoneNumber: { value } },
  isMuted: false,
  isOnHold: false,
}));

/** Payloads captured from the service, from the parser tests of the Azure SDK for Java (times cut to milliseconds). */
function captured(
  name: string,
  message: { code: number; subCode: number; message: string },
  status: string,
  details: string,
): unknown[] {
  const source = 'calling/callConnections/4c1f5600-a9c6-4343-8979-b638a98de98f';
  return [
    {
      id: 'd13c62c5-721e-44b9-a680-9866c33db7e7',
      source,
      type: `Microsoft.Communication.${name}`,
      data: {
        eventSource: source,
        operationContext: 'startMediaStreamingContext',
        resultInformation: message,
        mediaStreamingUpdate: {
          contentType: 'Audio',
          mediaStreamingStatus: status,
          mediaStreamingStatusDetails: details,
        },
        version: '2024-06-15-preview',
        callConnectionId: '4c1f5600-a9c6-4343-8979-b638a98de98f',
        serverCallId: SERVER_CALL_ID,
        correlationId: '30f0ad34-d615-4bf3-8476-5630ae7fc3db',
        publicEventType: `Microsoft.Communication.${name}`,
      },
      time: '2024-05-02T11:20:42.9110000+00:00',
      specversion: '1.0',
      datacontenttype: 'application/json',
      subject: source,
    },
  ];
}

function encode(event: CallbackEvent): string {
  const nowMs = Date.UTC(2024, 4, 2, 11, 20, 42, 911);
  return encodeCallbackEvent(event, ORIGIN, 'd13c62c5-721e-44b9-a680-9866c33db7e7', nowMs);
}

const operationContext = 'startMediaStreamingContext';

describe('callback events', () => {
  it.each<[CallbackEvent, unknown[]]>([
    [
      { ...mediaStreamingEvent('MediaStreamingStarted', 'subscriptionStarted', COMPLETED), operationContext },
      captured(
        'MediaStreamingStarted',
        { code: 200, subCode: 0, message: 'Action completed successfully.' },
        'mediaStreamingStarted',
        'subscriptionStarted',
      ),
    ],
    [
      { ...mediaStreamingEvent('MediaStreamingStopped', 'subscriptionStopped', COMPLETED), operationContext },
      captured(
        'MediaStreamingStopped',
        { code: 200, subCode: 0, message: 'Action completed successfully.' },
        'mediaStreamingStopped',
        'subscriptionStopped',
      ),
    ],
    [
      {
        ...mediaStreamingEvent(
          'MediaStreamingFailed',
          'streamConnectionUnsuccessful',
          STREAM_FAILED.notAccepted,
        ),
        operationContext,
      },
      captured(
        'MediaStreamingFailed',
        { code: 500, subCode: 8603, message: 'Action failed, not able to establish websocket connection.' },
        'mediaStreamingFailed',
        'streamConnectionUnsuccessful',
      ),
    ],
  ])('equal the captured payload of $type to the letter', (event, payload) => {
    expect(encode(event)).toBe(JSON.stringify(payload));
  });

  it('name the invalid transport URL as the service was seen to', () => {
    const event = encode(
      mediaStreamingEvent('MediaStreamingFailed', 'streamConnectionUnsuccessful', STREAM_FAILED.invalidUrl),
    );
    expect(JSON.parse(event)[0].data.resultInformation).toEqual({
      code: 400,
      subCode: 8581,
      message: 'Action failed, Transport url is not valid or web socket server is not operational.',
    });
  });

  it.each<CallbackEvent>([
    { type: 'CallConnected', result: COMPLETED },
    { type: 'CallDisconnected', result: CALL_ENDED },
    {
      type: 'ParticipantsUpdated',
      data: { sequenceNumber: 3, participants: PARTICIPANTS },
      result: COMPLETED,
    },
    mediaStreamingEvent('MediaStreamingStarted', 'streamConnectionReestablished', COMPLETED),
    mediaStreamingEvent('MediaStreamingStopped', 'subscriptionStopped', COMPLETED),
    mediaStreamingEvent('MediaStreamingFailed', 'streamConnectionInterrupted', COMPLETED),
  ])('are read by the parser of the SDK: $type', (event) => {
    const parsed = parseCallAutomationEvent(encode(event));
    expect(parsed).toMatchObject({
      kind: event.type,
      callConnectionId: ORIGIN.callConnectionId,
      serverCallId: SERVER_CALL_ID,
      correlationId: ORIGIN.correlationId,
      resultInformation: { code: event.result?.code, subCode: event.result?.subCode },
    });
    if (event.type === 'ParticipantsUpdated') {
      expect(parsed).toMatchObject({
        sequenceNumber: 3,
        participants: [
          { identifier: { phoneNumber: '+1999' }, isMuted: false, isOnHold: false },
          { identifier: { phoneNumber: '+1888' } },
        ],
      });
    }
  });
});
