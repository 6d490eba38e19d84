/**
 * After what Microsoft recorded of the real service for the live tests of its JavaScript client
 * (Azure/azure-sdk-assets, js/sdk/communication/communication-call-automation): events of API version
 * 2024-09-01-preview, recorded in September 2025, and answers of 2023-10-03-preview to 2025-08-15-preview.
 */
import {
  CallAutomationClient,
  type CallAutomationClientOptions,
  type CallConnection,
} from '@azure/communication-call-automation';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../../support/until.ts';
import { type AcsFixture, CALLED, CALLER, startAcsFixture, type WireEvent } from '../acs-fixture.ts';

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const fixtures: AcsFixture[] = [];

afterEach(async () => {
  for (const each of fixtures.splice(0)) await each.close();
});

async function fixture(): Promise<AcsFixture> {
  const f = await startAcsFixture();
  fixtures.push(f);
  return f;
}

async function fromTelephone(f: AcsFixture): Promise<CallConnection> {
  const { incomingCallContext } = await f.ring();
  const { callConnection } = await f.client.answerCall(incomingCallContext, f.callbackUrl);
  await f.callback('CallConnected');
  await f.callback('ParticipantsUpdated');
  return callConnection;
}

/** The application calls a user of the resource; the events of the caller go to `/cb/caller`. */
async function toUser(f: AcsFixture): Promise<{ caller: CallConnection; incomingCallContext: string }> {
  const ben = f.ownUserId.replace(/_.*$/, '_be000000-0000-0000-0000-000000000000');
  const { callConnection } = await f.client.createCall(
    { targetParticipant: { communicationUserId: ben } },
    `${f.callbackUrl}/caller`,
  );
  const event = await until(
    () => f.webhook.requests.find(({ body }) => body.includes('IncomingCall') && body.includes(ben)),
    'the IncomingCall',
  );
  return { caller: callConnection, incomingCallContext: JSON.parse(event.body)[0].data.incomingCallContext };
}

const result = ({ data }: WireEvent) => data['resultInformation'];

describe('events, as recorded of the service', () => {
  it('of call signalling have no word about success, and those of media have one; none has an eventSource', async () => {
    const f = await fixture();
    const connection = await fromTelephone(f);
    await connection.addParticipant({
      targetParticipant: { phoneNumber: CALLED },
      sourceCallIdNumber: { phoneNumber: CALLED },
    });
    await connection.getCallMedia().playToAll([{ kind: 'textSource', text: 'hello' }]);
    const silent = { code: 200, subCode: 0, message: '' };
    expect(result(await f.callback('CallConnected'))).toEqual(silent);
    expect(result(await f.callback('ParticipantsUpdated'))).toEqual(silent);
    expect(result(await f.callback('PlayStarted'))).toEqual({
      code: 200,
      subCode: 0,
      message: 'Action completed successfully.',
    });
    expect(f.callbacks().filter(({ data }) => 'eventSource' in data)).toEqual([]);
  });

  it('tell who ends a call between users for all that it did, and the other that the conversation has ended', async () => {
    const f = await fixture();
    const { caller, incomingCallContext } = await toUser(f);
    await f.client.answerCall(incomingCallContext, f.callbackUrl);
    await f.callback('CallConnected', '/cb/caller');
    await caller.hangUp(true);
    expect(result(await f.callback('CallDisconnected', '/cb/caller'))).toEqual({
      code: 200,
      subCode: 7000,
      message:
        'Call was ended by Azure Communication Service Call Automation API or a server bot. DiagCode: 0#7000.@',
    });
    expect(result(await f.callback('CallDisconnected'))).toEqual({
      code: 200,
      subCode: 5001,
      message: 'This conversation has ended.. DiagCode: 0#5001.@',
    });
  });

  it('tell of a user who rejects the call with 603 and 0, without details of a telephone network', async () => {
    const f = await fixture();
    const { incomingCallContext } = await toUser(f);
    await f.client.rejectCall(incomingCallContext);
    for (const type of ['CreateCallFailed', 'CallDisconnected'])
      expect(result(await f.callback(type, '/cb/caller'))).toEqual({
        code: 603,
        subCode: 0,
        message: 'Call ended successfully as it was declined from callee. DiagCode: 603#0.@',
      });
  });

  it('tell of a cancelled invitation with 487 and 5234', async () => {
    const f = await fixture();
    const connection = await fromTelephone(f);
    const rawId = f.ownUserId.replace(/_.*$/, '_be000000-0000-0000-0000-000000000000');
    const { invitationId = '' } = await connection.addParticipant({
      targetParticipant: { communicationUserId: rawId },
    });
    await connection.cancelAddParticipantOperation(invitationId);
    expect(result(await f.callback('CancelAddParticipantSucceeded'))).toEqual({
      code: 487,
      subCode: 5234,
      message: `addParticipants failed for participant ${rawId}. Underlying reason: The Call Has Been Cancelled. DiagCode: 487#5234.@`,
    });
  });

  it('tell who has removed the last participant of 5002, and the removed one of 5300', async () => {
    const f = await fixture();
    const { caller, incomingCallContext } = await toUser(f);
    const { callConnectionProperties } = await f.client.answerCall(incomingCallContext, f.callbackUrl);
    await f.callback('CallConnected', '/cb/caller');
    const [target] = callConnectionProperties.targetParticipants ?? [];
    if (target === undefined) throw new Error('the answer names no target');
    await caller.removeParticipant(target);
    expect(result(await f.callback('CallDisconnected', '/cb/caller'))).toEqual({
      code: 200,
      subCode: 5002,
      message: 'The conversation has ended. DiagCode: 0#5002.@',
    });
    expect(result(await f.callback('CallDisconnected'))).toEqual({
      code: 200,
      subCode: 5300,
      message: 'The conversation has ended. DiagCode: 0#5300.@',
    });
  });

  it('tell that the telephone which called was put down with 540000', async () => {
    const f = await fixture();
    const { call, incomingCallContext } = await f.ring();
    await f.client.answerCall(incomingCallContext, f.callbackUrl);
    await f.callback('CallConnected');
    call.hangUpByCaller();
    expect(result(await f.callback('CallDisconnected'))).toEqual({
      code: 200,
      subCode: 540_000,
      message: 'Call ended successfully by local PSTN caller.',
    });
  });

  it('tell of continuous DTMF recognition that it stopped with 7000', async () => {
    const f = await fixture();
    const media = (await fromTelephone(f)).getCallMedia();
    await media.startContinuousDtmfRecognition({ phoneNumber: CALLER });
    await media.stopContinuousDtmfRecognition({ phoneNumber: CALLER });
    expect(result(await f.callback('ContinuousDtmfRecognitionStopped'))).toEqual({
      code: 200,
      subCode: 7000,
      message: 'The conversation has ended. DiagCode: 0#7000.@',
    });
  });

  it('tell of a recording twice as it begins, by an id and a connection of its own', async () => {
    const f = await fixture();
    const connection = await fromTelephone(f);
    const { serverCallId = '' } = await connection.getCallConnectionProperties();
    const recording = await f.client.getCallRecording().start({
      callLocator: { id: serverCallId, kind: 'serverCallLocator' },
      recordingStateCallbackEndpointUrl: `${f.callbackUrl}/recording`,
    });
    expect(recording.recordingState).toBe('inactive');
    expect((await f.client.getCallRecording().getState(recording.recordingId)).recordingState).toBe('active');
    const events = await until(() => {
      const told = f.callbacks('/cb/recording');
      return told.length === 2 && told;
    }, 'both events');
    const of = (state: string) => events.find(({ data }) => data['state'] === state)?.data;
    expect(of('inactive')).toMatchObject({ startDateTime: '0001-01-01T00:00:00+00:00' });
    expect(of('active')?.['startDateTime']).not.toMatch(/^0001/);
    const id = JSON.parse(Buffer.from(recording.recordingId, 'base64url').toString());
    expect(id).toEqual({
      PlatformEndpointId: expect.stringMatching(GUID),
      ResourceSpecificId: expect.stringMatching(GUID),
    });
    const source = `calling/recordings/${serverCallId}/${recording.recordingId}/RecordingStateChanged`;
    for (const event of events) {
      expect(event).toMatchObject({ source, subject: source });
      expect(event.data).toMatchObject({ eventSource: source, callConnectionId: id.PlatformEndpointId });
    }
  });
});

interface Answered {
  readonly body: Record<string, unknown>;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestId: string | undefined;
}

/** A client that keeps the last answer as it came over the wire. */
function recordingClient(
  f: AcsFixture,
  apiVersion?: string,
): { client: CallAutomationClient; last(): Answered } {
  let last: Answered | undefined;
  const options: CallAutomationClientOptions & { readonly apiVersion?: string } = {
    allowInsecureConnection: true,
    ...(apiVersion === undefined ? {} : { apiVersion }),
    additionalPolicies: [
      {
        position: 'perRetry',
        policy: {
          name: 'keepAnswer',
          sendRequest: async (request, next) => {
            const response = await next(request);
            const text = response.bodyAsText ?? '';
            last = {
              body: text === '' ? {} : JSON.parse(text),
              headers: response.headers.toJSON(),
              requestId: request.headers.get('x-ms-client-request-id'),
            };
            return response;
          },
        },
      },
    ],
  };
  return {
    client: new CallAutomationClient(f.acs.connectionString, options),
    last: () => {
      if (last === undefined) throw new Error('nothing was answered yet');
      return last;
    },
  };
}

const NO_STREAM = { id: expect.stringMatching(GUID), state: 'disabled', subscribedContentTypes: ['audio'] };

describe('answers, as recorded of the service', () => {
  it('of createCall have no serverCallId, an empty display name, and a disabled stream', async () => {
    const f = await fixture();
    const { client, last } = recordingClient(f);
    await client.createCall(
      { targetParticipant: { phoneNumber: CALLER }, sourceCallIdNumber: { phoneNumber: CALLED } },
      f.callbackUrl,
    );
    expect(Object.keys(last().body).sort()).toEqual([
      'callConnectionId',
      'callConnectionState',
      'callbackUri',
      'correlationId',
      'mediaStreamingSubscription',
      'source',
      'sourceCallerIdNumber',
      'sourceDisplayName',
      'targets',
    ]);
    expect(last().body).toMatchObject({ sourceDisplayName: '', mediaStreamingSubscription: NO_STREAM });
  });

  it('of getCall say that streaming and transcription are disabled', async () => {
    const f = await fixture();
    const { callConnectionId = '' } = await (await fromTelephone(f)).getCallConnectionProperties();
    const { client, last } = recordingClient(f);
    await client.getCallConnection(callConnectionId).getCallConnectionProperties();
    expect(last().body).toMatchObject({
      serverCallId: expect.any(String),
      mediaStreamingSubscription: { state: 'disabled' },
      transcriptionSubscription: { state: 'disabled', subscribedResultTypes: [] },
    });
  });

  it('of answerCall name a user of the resource as target of a telephone, and its number as a name', async () => {
    const f = await fixture();
    const { incomingCallContext } = await f.ring();
    const { client, last } = recordingClient(f);
    await client.answerCall(incomingCallContext, f.callbackUrl);
    expect(last().body).toMatchObject({
      targets: [{ kind: 'communicationUser', rawId: f.ownUserId }],
      sourceDisplayName: CALLER,
      source: { rawId: `4:${CALLER}` },
      answeredFor: { value: CALLED },
      mediaStreamingSubscription: NO_STREAM,
    });
    expect(last().body).not.toHaveProperty('sourceCallerIdNumber');
  });

  it('to API versions before 2024-06-15 have ids of subscriptions instead of their states', async () => {
    const f = await fixture();
    const { incomingCallContext } = await f.ring();
    const { client, last } = recordingClient(f, '2023-10-03-preview');
    await client.answerCall(incomingCallContext, f.callbackUrl);
    expect(last().body).toMatchObject({
      mediaSubscriptionId: expect.stringMatching(GUID),
      dataSubscriptionId: expect.stringMatching(GUID),
    });
    expect(last().body).not.toHaveProperty('mediaStreamingSubscription');
    await f.callback('CallConnected');
    const eventSource = f.callbacks()[0]?.data['eventSource'];
    expect(eventSource, 'as in events captured of old versions').toMatch(/^calling\/callConnections\//);
  });

  it('repeat the id of the request, name the chain of the call, and say what will not be performed again', async () => {
    const f = await fixture();
    const { call, incomingCallContext } = await f.ring();
    const { client, last } = recordingClient(f);
    const { callConnection } = await client.answerCall(incomingCallContext, f.callbackUrl);
    const common = () => ({
      'x-ms-client-request-id': last().requestId,
      'x-microsoft-skype-chain-id': call.ids.correlationId,
    });
    expect(last().headers).toMatchObject(common());
    expect(last().headers).not.toHaveProperty('repeatability-result');
    await f.callback('CallConnected');
    await callConnection.hangUp(true);
    expect(last().headers).toMatchObject({ ...common(), 'repeatability-result': 'accepted' });
  });
});
