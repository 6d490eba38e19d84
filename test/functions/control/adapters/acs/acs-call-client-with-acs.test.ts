import { describe, expect, it } from 'vitest';
import { createAcsCalls } from '../../../../../functions/control/adapters/acs/acs-call-client.ts';
import type { AcsCalls, MediaStreaming } from '../../../../../functions/control/call/acs-port.ts';
import type { CallOperation, OperationAnswer } from '../../../../../shared/call/operation.ts';
import { CALLER, types } from '../../../../local/emulators/acs/acs-fixture.ts';
import {
  AGENT,
  type CallingFixture,
  COLLEAGUE,
  OWN_NUMBER,
  startCallingFixture,
} from '../../../../local/emulators/acs/calling-fixture.ts';
import { callControlFailure } from '../../../../support/acs-call-failure.ts';
import { PLAN } from '../../../../support/calls.ts';
import { closedAfterEach } from '../../../../support/closed-after-each.ts';

const fixture = closedAfterEach(startCallingFixture);

const CALLER_ID = `4:${CALLER}`;
const NOWHERE = 'ws://127.0.0.1:9/';

const media: MediaStreaming = {
  transportUrl: NOWHERE,
  plan: PLAN,
  transcription: { transportUrl: NOWHERE, locale: 'en-US' },
};

interface Operated {
  readonly h: CallingFixture;
  readonly control: AcsCalls;
  readonly callConnectionId: string;
  operate(operation: CallOperation, recordingId?: string): Promise<OperationAnswer>;
}

function controlOf(h: CallingFixture): AcsCalls {
  return createAcsCalls(
    { connectionString: h.acs.connectionString },
    { allowInsecureConnection: true, cognitiveServicesEndpoint: 'https://ai.example' },
  );
}

/** A call from `CALLER` that our adapter has answered. */
async function answered(): Promise<Operated> {
  const h = await fixture();
  const control = controlOf(h);
  const { call, incomingCallContext } = await h.ring();
  const { callConnectionId, serverCallId = '' } = await control.answer({
    incomingCallContext,
    callbackUrl: h.callbackUrl,
    operationContext: 'answering',
    media,
  });
  expect(callConnectionId).toBe(call.ids.callConnectionId);
  await h.callback('CallConnected');
  return {
    h,
    control,
    callConnectionId,
    operate: (operation, recordingId) =>
      control.operate(callConnectionId, operation, {
        operationContext: `op-${operation.type}`,
        callbackUrl: h.callbackUrl,
        serverCallId,
        ...(recordingId === undefined ? {} : { recordingId }),
      }),
  };
}

describe('a call before it is answered', () => {
  it('is redirected to somebody else, whose telephone rings', async () => {
    const h = await fixture();
    const { incomingCallContext } = await h.ring();
    await controlOf(h).redirect(incomingCallContext, AGENT);
    expect((await h.callees.ringing(AGENT)).cancelled).toBe(false);
  });

  it.each(['busy', 'forbidden', 'none'] as const)('is rejected as %s', async (reason) => {
    const h = await fixture();
    const { call, incomingCallContext } = await h.ring();
    await controlOf(h).reject(incomingCallContext, reason);
    expect(call.outcome).toBe('rejected');
  });
});

describe('a call that is placed', () => {
  it('rings a telephone with our number, and is connected when it is answered', async () => {
    const h = await fixture();
    const control = controlOf(h);
    const { callConnectionId } = await control.place({
      to: CALLER_ID,
      callerId: OWN_NUMBER,
      displayName: 'Contoso',
      callbackUrl: h.callbackUrl,
      operationContext: 'placing',
      media,
    });
    const ringing = await h.callees.ringing(CALLER_ID);
    expect(ringing.incoming).toMatchObject({ from: { rawId: `4:${OWN_NUMBER}` }, displayName: 'Contoso' });
    expect(await control.properties(callConnectionId)).toMatchObject({ state: 'connecting' });
    ringing.answer();
    expect((await h.callback('CallConnected')).data).toMatchObject({ operationContext: 'placing' });
    await h.callback('MediaStreamingStarted');
    expect(await control.properties(callConnectionId)).toMatchObject({
      state: 'connected',
      streaming: 'active',
      serverCallId: expect.any(String),
    });
  });

  it('is refused here where the raw id is of no known form, and ACS is not asked', async () => {
    const h = await fixture();
    const error = await callControlFailure(
      controlOf(h).place({
        to: 'somebody',
        callbackUrl: h.callbackUrl,
        operationContext: 'x',
        media,
      }),
    );
    expect(error.failure).toMatchObject({ retryable: false, notAsked: expect.stringContaining('raw id') });
    expect(error.callGone).toBe(false);
  });
});

describe('properties', () => {
  it('are undefined for a connection that ACS does not know', async () => {
    const h = await fixture();
    expect(await controlOf(h).properties('18dea47f-b081-4107-9a5c-4300819d2c6c')).toBeUndefined();
  });

  it('say nothing of streaming where the call was taken on without it', async () => {
    const h = await fixture();
    const { call, incomingCallContext } = await h.ring();
    await h.client.answerCall(incomingCallContext, h.callbackUrl);
    await h.callback('CallConnected');
    const properties = await controlOf(h).properties(call.ids.callConnectionId);
    expect(properties).toMatchObject({ state: 'connected' });
    expect(properties).not.toHaveProperty('streaming');
  });

  it('of a call that was hung up are undefined', async () => {
    const { h, control, callConnectionId } = await answered();
    await control.hangUp(callConnectionId, true);
    await h.callback('CallDisconnected');
    expect(await control.properties(callConnectionId)).toBeUndefined();
  });
});

describe('an operation on a call', () => {
  it('adds somebody, who is then listed, muted and removed', async () => {
    const { h, control, callConnectionId, operate } = await answered();
    const { invitationId } = await operate({
      type: 'addParticipant',
      target: AGENT,
      displayName: 'Contoso',
      ringMs: 60_500,
    });
    expect(invitationId).toEqual(expect.any(String));
    (await h.callees.ringing(AGENT)).answer();
    expect((await h.callback('AddParticipantSucceeded')).data).toMatchObject({
      operationContext: 'op-addParticipant',
    });
    await operate({ type: 'muteParticipant', participant: AGENT });
    expect(await control.participants(callConnectionId)).toContainEqual({
      rawId: AGENT,
      muted: true,
      onHold: false,
    });
    await operate({ type: 'removeParticipant', participant: AGENT });
    expect((await h.callback('RemoveParticipantSucceeded')).data).toMatchObject({
      operationContext: 'op-removeParticipant',
    });
  });

  it('takes an invitation back', async () => {
    const { h, operate } = await answered();
    const { invitationId = '' } = await operate({ type: 'addParticipant', target: COLLEAGUE });
    const ringing = await h.callees.ringing(COLLEAGUE);
    await operate({ type: 'cancelAddParticipant', invitationId });
    expect((await h.callback('CancelAddParticipantSucceeded')).data).toMatchObject({
      operationContext: 'op-cancelAddParticipant',
    });
    expect(ringing.cancelled).toBe(true);
  });

  it('holds somebody and takes him back', async () => {
    const { control, callConnectionId, operate } = await answered();
    await operate({ type: 'hold', participant: CALLER_ID });
    expect(await control.participants(callConnectionId)).toContainEqual({
      rawId: CALLER_ID,
      muted: false,
      onHold: true,
    });
    await operate({ type: 'unhold', participant: CALLER_ID });
    expect(await control.participants(callConnectionId)).toContainEqual({
      rawId: CALLER_ID,
      muted: false,
      onHold: false,
    });
  });

  it('sends tones to a telephone', async () => {
    const { h, operate } = await answered();
    await operate({ type: 'sendDtmf', participant: CALLER_ID, tones: ['one', 'pound'] });
    expect((await h.callback('SendDtmfTonesCompleted')).data).toMatchObject({
      operationContext: 'op-sendDtmf',
    });
  });

  it('plays words and cancels them', async () => {
    const { h, operate } = await answered();
    await operate({ type: 'play', source: { kind: 'text', text: 'hello', locale: 'en-US' }, loop: true });
    await h.callback('PlayStarted');
    await operate({ type: 'cancelMedia' });
    expect((await h.callback('PlayCanceled')).data).toMatchObject({ operationContext: 'op-play' });
  });

  it('plays a file to one person, whose absence is told', async () => {
    const { h, operate } = await answered();
    const source = { kind: 'file', url: `${h.webhook.url}/missing.wav` } as const;
    await operate({ type: 'play', source, to: CALLER_ID });
    expect((await h.callback('PlayFailed')).data).toMatchObject({ operationContext: 'op-play' });
  });

  it('does not interrupt what is played, where it plays to one person', async () => {
    const { operate } = await answered();
    const source = { kind: 'text', text: 'hello' } as const;
    const error = await callControlFailure(operate({ type: 'play', source, to: CALLER_ID, interrupt: true }));
    expect(error.reason).toContain('only audio for everybody');
  });

  it('recognizes keys until nobody presses any', async () => {
    const { h, operate } = await answered();
    await operate({
      type: 'recognize',
      participant: CALLER_ID,
      input: { kind: 'dtmf', maxTones: 3, stopTones: ['pound'], interToneTimeoutMs: 1_000 },
      initialSilenceMs: 1_000,
    });
    expect((await h.callback('RecognizeFailed')).data).toMatchObject({
      operationContext: 'op-recognize',
      resultInformation: { subCode: 8510 },
    });
  });

  it('recognizes speech', async () => {
    const { h, operate } = await answered();
    await operate({
      type: 'recognize',
      participant: CALLER_ID,
      input: { kind: 'speech', locale: 'en-US', endSilenceMs: 500 },
      prompt: { kind: 'ssml', ssml: '<speak version="1.0" xml:lang="en-US">yes?</speak>' },
    });
    await operate({ type: 'cancelMedia' });
    expect((await h.callback('RecognizeCanceled')).data).toMatchObject({ operationContext: 'op-recognize' });
  });

  it('starts a transcription, whose failure is told', async () => {
    const { h, operate } = await answered();
    await operate({ type: 'startTranscription', locale: 'en-US' });
    expect((await h.callback('TranscriptionFailed')).data).toMatchObject({
      operationContext: 'op-startTranscription',
    });
    expect((await callControlFailure(operate({ type: 'stopTranscription' }))).failure.status).toBe(400);
  });

  it('records, pauses, goes on and stops', async () => {
    const { h, operate } = await answered();
    const { recordingId = '' } = await operate({
      type: 'startRecording',
      content: 'audio',
      channels: 'unmixed',
      format: 'wav',
    });
    for (const type of ['pauseRecording', 'resumeRecording', 'stopRecording'] as const)
      await operate({ type }, recordingId);
    await h.callbackWhere('RecordingStateChanged', ({ state }) => state === 'inactive');
    expect((await callControlFailure(operate({ type: 'stopRecording' }))).reason).toContain(
      'id of the recording',
    );
    expect((await callControlFailure(operate({ type: 'stopRecording' }, recordingId))).failure).toMatchObject(
      {
        status: 404,
      },
    );
  });

  it('transfers the call, which then goes on without us', async () => {
    const { h, operate } = await answered();
    await operate({ type: 'transfer', target: AGENT, transferee: CALLER_ID });
    (await h.callees.ringing(AGENT)).answer();
    await h.callback('CallDisconnected');
    expect(types(h)).toContain('CallTransferAccepted');
  });
});
