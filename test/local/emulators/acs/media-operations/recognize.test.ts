import { DtmfTone } from '@azure/communication-call-automation';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../../support/until.ts';
import { CALLER } from '../acs-fixture.ts';
import {
  eventOf,
  MediaOperationsFixture,
  type OperatedCall,
  refusedWith,
  typesOf,
  wavFile,
} from './media-operations-fixture.ts';

const fixture = new MediaOperationsFixture();
afterEach(() => fixture.close());

const CALLER_ID = { phoneNumber: CALLER };
const DTMF = { kind: 'callMediaRecognizeDtmfOptions', maxTonesToCollect: 3, operationContext: 'r' } as const;
const CHOICES = {
  kind: 'callMediaRecognizeChoiceOptions' as const,
  operationContext: 'r',
  choices: [
    { label: 'Sales', phrases: ['sales'], tone: DtmfTone.One },
    { label: 'Support', phrases: ['support'], tone: DtmfTone.Two },
  ],
};

async function press(call: OperatedCall, keys: string): Promise<void> {
  const response = await call.f.control('POST', `calls/${call.call.ids.id}/dtmf`, { keys });
  expect(response.status, await response.text()).toBe(202);
}

async function say(call: OperatedCall, text: string): Promise<void> {
  const response = await call.f.control('POST', `calls/${call.call.ids.id}/says`, { text });
  expect(response.status, await response.text()).toBe(202);
}

describe('recognize', () => {
  it('collects keys up to their number', async () => {
    const call = await fixture.answeredCall();
    await call.media.startRecognizing(CALLER_ID, DTMF);
    await press(call, '1*#');
    expect(await eventOf(call.f, 'r', 'RecognizeCompleted')).toMatchObject({
      recognitionType: 'dtmf',
      dtmfResult: { tones: ['one', 'asterisk', 'pound'] },
      resultInformation: { code: 200, subCode: 8531, message: 'Action completed, max digits received.' },
    });
  });

  it('ends at a stop tone', async () => {
    const call = await fixture.answeredCall();
    await call.media.startRecognizing(CALLER_ID, { ...DTMF, stopDtmfTones: [DtmfTone.Pound] });
    await press(call, '4#');
    expect(await eventOf(call.f, 'r', 'RecognizeCompleted')).toMatchObject({
      dtmfResult: { tones: ['four'] },
      resultInformation: { subCode: 8514 },
    });
  });

  it('fails when keys stop coming, and when none comes', async () => {
    const call = await fixture.answeredCall();
    await call.media.startRecognizing(CALLER_ID, { ...DTMF, interToneTimeoutInSeconds: 1 });
    await press(call, '4');
    expect(await eventOf(call.f, 'r', 'RecognizeFailed')).toMatchObject({
      resultInformation: { code: 400, subCode: 8532 },
    });
    await call.media.startRecognizing(CALLER_ID, {
      ...DTMF,
      operationContext: 'silent',
      initialSilenceTimeoutInSeconds: 1,
    });
    expect(await eventOf(call.f, 'silent', 'RecognizeFailed')).toMatchObject({
      resultInformation: { code: 400, subCode: 8510 },
    });
  });

  it('plays its prompt, which a key ends', async () => {
    const call = await fixture.answeredCall();
    const files = await fixture.serveFiles({ '/long.wav': wavFile(160_000) });
    const playPrompt = { kind: 'fileSource' as const, url: `${files.url}/long.wav` };
    await call.media.startRecognizing(CALLER_ID, { ...DTMF, maxTonesToCollect: 1, playPrompt });
    await eventOf(call.f, 'r', 'PlayStarted');
    await press(call, '7');
    expect(await eventOf(call.f, 'r', 'RecognizeCompleted')).toMatchObject({
      dtmfResult: { tones: ['seven'] },
    });
    expect(call.phone.heard().length, 'the prompt was cut short').toBeLessThan(160_000);
    expect(typesOf(call.f, 'r')).toEqual(['PlayStarted', 'RecognizeCompleted']);
  });

  it('fails where its prompt cannot be played', async () => {
    const call = await fixture.answeredCall();
    const files = await fixture.serveFiles({ '/good.wav': wavFile(320) });
    const playPrompts = ['good', 'none'].map((name) => ({
      kind: 'fileSource' as const,
      url: `${files.url}/${name}.wav`,
    }));
    await call.media.startRecognizing(CALLER_ID, { ...DTMF, playPrompts });
    expect(await eventOf(call.f, 'r', 'RecognizeFailed')).toMatchObject({
      resultInformation: { code: 500, subCode: 8511 },
      failedPlaySourceIndex: 1,
    });
  });

  it.each([
    ['a key', (call: OperatedCall) => press(call, '2'), 8533, { label: 'Support' }],
    [
      'a phrase',
      (call: OperatedCall) => say(call, 'To sales, please.'),
      8545,
      { label: 'Sales', recognizedPhrase: 'sales', confidence: 1 },
    ],
  ] as const)('takes a choice by %s', async (_, act, subCode, choiceResult) => {
    const call = await fixture.answeredCall();
    await call.media.startRecognizing(CALLER_ID, CHOICES);
    await act(call);
    expect(await eventOf(call.f, 'r', 'RecognizeCompleted')).toMatchObject({
      recognitionType: 'choices',
      choiceResult,
      resultInformation: { code: 200, subCode },
    });
  });

  it.each([
    ['a key', (call: OperatedCall) => press(call, '9'), 500, 8534],
    ['words', (call: OperatedCall) => say(call, 'good morning'), 400, 8547],
  ] as const)('fails where %s is no choice', async (_, act, code, subCode) => {
    const call = await fixture.answeredCall();
    await call.media.startRecognizing(CALLER_ID, CHOICES);
    await act(call);
    expect(await eventOf(call.f, 'r', 'RecognizeFailed')).toMatchObject({
      resultInformation: { code, subCode },
    });
  });

  it('understands what a telephone says of its words', async () => {
    const call = await fixture.answeredCall();
    await call.media.startRecognizing(CALLER_ID, {
      kind: 'callMediaRecognizeSpeechOrDtmfOptions',
      maxTonesToCollect: 2,
      endSilenceTimeoutInSeconds: 0.1,
      operationContext: 'r',
    });
    await say(call, 'my name is Ann');
    expect(await eventOf(call.f, 'r', 'RecognizeCompleted')).toMatchObject({
      recognitionType: 'speech',
      speechResult: { speech: 'my name is Ann', confidence: 1 },
      resultInformation: { code: 200, subCode: 8569 },
    });
  });

  it('is cancelled with everything else', async () => {
    const call = await fixture.answeredCall();
    await call.media.startRecognizing(CALLER_ID, DTMF);
    await call.media.cancelAllOperations();
    expect(await eventOf(call.f, 'r', 'RecognizeCanceled')).toMatchObject({
      resultInformation: { code: 400, subCode: 8508 },
    });
  });

  it('interrupts what is played unless it says otherwise', async () => {
    const call = await fixture.answeredCall();
    const files = await fixture.serveFiles({ '/long.wav': wavFile(160_000) });
    const long = { kind: 'fileSource' as const, url: `${files.url}/long.wav` };
    await call.media.playToAll([long], { operationContext: 'play' });
    await eventOf(call.f, 'play', 'PlayStarted');
    await call.media.startRecognizing(CALLER_ID, DTMF);
    await eventOf(call.f, 'play', 'PlayCanceled');
  });

  it('is refused for somebody else, and with options that make no sense', async () => {
    const { media } = await fixture.answeredCall();
    await expect(media.startRecognizing({ phoneNumber: '+14255550177' }, DTMF)).rejects.toEqual(
      refusedWith(404, '8522'),
    );
    await expect(
      media.startRecognizing(CALLER_ID, { ...DTMF, initialSilenceTimeoutInSeconds: 301 }),
    ).rejects.toEqual(refusedWith(400, '8523'));
    await expect(media.startRecognizing(CALLER_ID, { ...CHOICES, choices: [] })).rejects.toEqual(
      refusedWith(400, '8523'),
    );
    const half = [...CHOICES.choices, { label: 'Other', phrases: ['other'] }];
    await expect(media.startRecognizing(CALLER_ID, { ...CHOICES, choices: half })).rejects.toEqual(
      refusedWith(400, '8523'),
    );
  });
});

describe('a key that nobody waits for', () => {
  it('is refused by the control surface', async () => {
    const { f, call } = await fixture.answeredCall();
    expect((await f.control('POST', `calls/${call.ids.id}/dtmf`, { keys: '1' })).status).toBe(409);
    expect((await f.control('POST', `calls/${call.ids.id}/says`, { text: 'hello' })).status).toBe(409);
  });
});

describe('continuous DTMF recognition', () => {
  it('tells each key with a number that orders them, until it is stopped', async () => {
    const call = await fixture.answeredCall();
    const { f, media } = call;
    await media.startContinuousDtmfRecognition(CALLER_ID, { operationContext: 'c' });
    await press(call, '1#');
    await until(() => typesOf(f, 'c').length === 2, 'both keys to be told');
    const tones = f
      .callbacks()
      .filter(({ type }) => type.endsWith('ToneReceived'))
      .toSorted((a, b) => Number(a.data['sequenceId']) - Number(b.data['sequenceId']));
    expect(tones.map(({ data }) => [data['sequenceId'], data['tone']])).toEqual([
      [1, 'one'],
      [2, 'pound'],
    ]);
    expect(tones[0]?.data['resultInformation']).toMatchObject({ code: 200, subCode: 0 });
    await media.stopContinuousDtmfRecognition(CALLER_ID, { operationContext: 'stop' });
    await eventOf(f, 'stop', 'ContinuousDtmfRecognitionStopped');
    const nobody = { phoneNumber: '+14255550999' };
    await expect(media.stopContinuousDtmfRecognition(nobody)).rejects.toEqual(refusedWith(404, '8522'));
  });

  it('goes on beside recognition and is stopped by the end of the call', async () => {
    const call = await fixture.answeredCall();
    const { f, media, connection } = call;
    await media.startContinuousDtmfRecognition(CALLER_ID, { operationContext: 'c' });
    await media.startRecognizing(CALLER_ID, { ...DTMF, maxTonesToCollect: 1 });
    await press(call, '5');
    await eventOf(f, 'r', 'RecognizeCompleted');
    await eventOf(f, 'c', 'ContinuousDtmfRecognitionToneReceived');
    await connection.hangUp(true);
    await eventOf(f, 'c', 'ContinuousDtmfRecognitionStopped');
  });
});

describe('sendDtmfTones', () => {
  it('is heard by the telephone, key by key', async () => {
    const { f, media, phone, call } = await fixture.answeredCall();
    const result = await media.sendDtmfTones(['one', 'two', 'pound'], CALLER_ID, { operationContext: 's' });
    expect(result.operationContext).toBe('s');
    expect(await eventOf(f, 's', 'SendDtmfTonesCompleted')).toMatchObject({
      resultInformation: { code: 200, subCode: 0 },
    });
    expect(phone.keysHeard).toEqual(['1', '2', '#']);
    const report = await (await f.control('GET', `calls/${call.ids.id}`)).json();
    expect(report).toMatchObject({ keysHeard: '12#' });
    expect(phone.heard().length, 'three tones of 160 ms').toBeGreaterThanOrEqual(3 * 2_560);
    expect(Math.max(...phone.heard())).toBeGreaterThan(5_000);
  });

  it('fails when it is cancelled, and tells no further key', async () => {
    const { f, media, phone } = await fixture.answeredCall();
    await media.sendDtmfTones(Array(18).fill('one'), CALLER_ID, { operationContext: 's' });
    await until(() => phone.keysHeard.length > 0, 'the first key');
    await media.cancelAllOperations();
    expect(await eventOf(f, 's', 'SendDtmfTonesFailed')).toMatchObject({
      resultInformation: { subCode: 8508 },
    });
    expect(phone.keysHeard.length).toBeLessThan(18);
  });

  it('is refused for too many tones, for none, and for who is no telephone', async () => {
    const { media } = await fixture.answeredCall();
    const user = { communicationUserId: '8:acs:1b_2c' };
    await expect(media.sendDtmfTones(Array(19).fill('one'), CALLER_ID)).rejects.toEqual(
      refusedWith(400, '8523'),
    );
    await expect(media.sendDtmfTones([], CALLER_ID)).rejects.toEqual(refusedWith(400, '8523'));
    await expect(media.sendDtmfTones(['one'], user)).rejects.toEqual(refusedWith(400, '8523'));
  });
});

describe('hold', () => {
  it('plays music over and over, and nothing that is for the call, until unhold', async () => {
    const { f, media, phone, call } = await fixture.answeredCall();
    const files = await fixture.serveFiles({
      '/music.wav': wavFile(640, 440),
      '/call.wav': wavFile(6_400, 880),
    });
    await media.hold(CALLER_ID, { playSource: { kind: 'fileSource', url: `${files.url}/music.wav` } });
    const held = await until(
      () => f.callbacks().find(({ data }) => JSON.stringify(data).includes('"isOnHold":true')),
      'the roster to say so',
    );
    expect(held.type).toBe('Microsoft.Communication.ParticipantsUpdated');
    await until(() => phone.heard().some((sample) => sample !== 0), 'the music');
    const before = phone.heard().length;
    await media.playToAll([{ kind: 'fileSource', url: `${files.url}/call.wav` }], { operationContext: 'p' });
    await eventOf(f, 'p', 'PlayCompleted');
    const during = phone.heard().subarray(before);
    // A mixture with the prompt would be louder than the music alone, whose peak is 16,000.
    expect(Math.max(...during)).toBeLessThanOrEqual(16_000);
    expect(during.length).toBeGreaterThanOrEqual(6_400);
    await media.unhold(CALLER_ID);
    await until(
      () => call.connection?.participants.find(`4:${CALLER}`)?.isOnHold === false,
      'nobody to be on hold',
    );
  });

  it('fails where the music cannot be played, and the participant is back on the call', async () => {
    const { f, media, call } = await fixture.answeredCall();
    const files = await fixture.serveFiles({});
    await media.hold(CALLER_ID, {
      playSource: { kind: 'fileSource', url: `${files.url}/none.wav` },
      operationContext: 'h',
    });
    expect(await eventOf(f, 'h', 'HoldFailed')).toMatchObject({
      resultInformation: { code: 400, subCode: 8536 },
    });
    expect(call.connection?.participants.find(`4:${CALLER}`)?.isOnHold).toBe(false);
  });

  it('is refused for somebody who is not on the call', async () => {
    const { media } = await fixture.answeredCall();
    await expect(media.hold({ phoneNumber: '+14255550177' })).rejects.toEqual(refusedWith(404, '8522'));
    await expect(media.unhold({ phoneNumber: '+14255550177' })).rejects.toEqual(refusedWith(404, '8522'));
  });
});
