import { CallAutomationClient } from '@azure/communication-call-automation';
import { describe, expect, it } from 'vitest';
import { MAX_INVITATIONS } from '../../../../local/emulators/acs/telephones/invitations.ts';
import { closedAfterEach } from '../../../support/closed-after-each.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../../support/until.ts';
import { CALLER, startAcsFixture, types } from './acs-fixture.ts';
import { AGENT, COLLEAGUE, OWN_NUMBER, placedCall, startCallingFixture } from './calling-fixture.ts';
import { conformingEvents } from './conforming-events.ts';

const OUTBOUND_CALLS_PER_NUMBER = 2;

const fixture = closedAfterEach(startCallingFixture);
const plainFixture = closedAfterEach(startAcsFixture);

const TO_NUMBER = {
  targetParticipant: { phoneNumber: CALLER },
  sourceCallIdNumber: { phoneNumber: OWN_NUMBER },
};

describe('createCall', () => {
  it('rings the telephone, is connecting meanwhile, and connected when it is answered', async () => {
    const f = await fixture();
    const { callConnection, callConnectionProperties } = await f.client.createCall(
      { ...TO_NUMBER, sourceDisplayName: 'Contoso' },
      f.callbackUrl,
      { operationContext: 'placing' },
    );
    expect(callConnectionProperties).toMatchObject({
      callConnectionState: 'connecting',
      targetParticipants: [{ phoneNumber: CALLER }],
      sourceCallerIdNumber: { phoneNumber: OWN_NUMBER },
      sourceDisplayName: 'Contoso',
      source: { communicationUserId: expect.stringMatching(/^8:acs:/) },
    });
    const ringing = await f.callees.ringing(`4:${CALLER}`);
    expect(ringing.incoming).toMatchObject({
      from: { rawId: `4:${OWN_NUMBER}` },
      displayName: 'Contoso',
      callConnectionId: callConnectionProperties.callConnectionId,
      correlationId: callConnectionProperties.correlationId,
    });
    ringing.answer();
    expect((await f.callback('CallConnected')).data).toMatchObject({ operationContext: 'placing' });
    const { data } = await f.callback('ParticipantsUpdated');
    expect(data['participants']).toMatchObject([
      { identifier: { kind: 'communicationUser' } },
      { identifier: { rawId: `4:${CALLER}` }, isMuted: false, isOnHold: false },
    ]);
    expect(await callConnection.getCallConnectionProperties()).toMatchObject({
      callConnectionState: 'connected',
    });
    await callConnection.hangUp(true);
    await f.callback('CallDisconnected');
    expect(types(f).sort(), 'nothing is told while it rings').toEqual([
      'CallConnected',
      'CallDisconnected',
      'ParticipantsUpdated',
    ]);
    conformingEvents(f);
  });

  it('streams audio as an answered call does', async () => {
    const f = await fixture();
    await placedCall(f, {
      mediaStreamingOptions: {
        transportType: 'websocket',
        transportUrl: 'ws://127.0.0.1:9/',
        contentType: 'audio',
        audioChannelType: 'mixed',
        startMediaStreaming: true,
      },
    });
    await f.callback('MediaStreamingStarted');
    expect(f.media.streams[0]?.options.phones.map(({ rawId }) => rawId)).toEqual([AGENT]);
  });

  it.each([
    ['declined', 603, 8538, 603],
    ['busy', 486, 8539, 486],
    ['unavailable', 480, 8541, 480],
    ['noAnswer', 408, 8541, 408],
  ] as const)(
    'whose callee is %s is CreateCallFailed with %i/%i, then CallDisconnected',
    async (outcome, code, subCode, sip) => {
      const f = await fixture();
      const { callConnection } = await f.client.createCall(TO_NUMBER, f.callbackUrl, {
        operationContext: 'oc',
      });
      (await f.callees.ringing(`4:${CALLER}`)).end(outcome);
      const failed = await f.callback('CreateCallFailed');
      expect(failed.data).toMatchObject({
        operationContext: 'oc',
        resultInformation: { code, subCode, sipDetails: { code: sip } },
      });
      const ended = await f.callback('CallDisconnected');
      expect(ended.data['resultInformation']).toMatchObject({ subCode });
      expect(types(f)).toEqual(['CreateCallFailed', 'CallDisconnected']);
      await until(
        () =>
          callConnection.getCallConnectionProperties().then(
            () => false,
            (error) => error.code === '8522',
          ),
        'the call to be gone',
      );
      conformingEvents(f);
    },
  );

  it('fails as unavailable where nobody keeps telephones', async () => {
    const { noCallees } = await import('../../../../local/emulators/acs/telephones/callees.ts');
    const f = await plainFixture({ callees: noCallees });
    await f.client.createCall(TO_NUMBER, f.callbackUrl);
    expect((await f.callback('CreateCallFailed')).data).toMatchObject({
      resultInformation: { subCode: 8541 },
    });
  });

  it.each([
    ['a phone number', TO_NUMBER, `4:${CALLER}`, 115_000],
    ['a user', { targetParticipant: { communicationUserId: AGENT } }, AGENT, 85_000],
  ])('gives up calling %s after the limit of the service', async (_, target, rawId, limitMs) => {
    const clock = new ManualClock(Date.now());
    const f = await fixture({ clock });
    await f.client.createCall(target, f.callbackUrl);
    const ringing = await f.callees.ringing(rawId);
    clock.advance(limitMs - 1);
    expect(ringing.cancelled).toBe(false);
    clock.advance(1);
    expect(ringing.cancelled).toBe(true);
    expect((await f.callback('CreateCallFailed')).data).toMatchObject({ resultInformation: { code: 408 } });
  });

  it('to several is connected by the first who answers, and others join it', async () => {
    const f = await fixture();
    const { callConnectionProperties } = await f.client.createGroupCall(
      [{ communicationUserId: AGENT }, { communicationUserId: COLLEAGUE }, { phoneNumber: CALLER }],
      f.callbackUrl,
      { sourceCallIdNumber: { phoneNumber: OWN_NUMBER } },
    );
    expect(callConnectionProperties.targetParticipants).toHaveLength(3);
    (await f.callees.ringing(COLLEAGUE)).answer();
    await f.callback('CallConnected');
    (await f.callees.ringing(AGENT)).end('busy');
    const failed = await f.callback('AddParticipantFailed');
    expect(failed.data).toMatchObject({
      participant: { rawId: AGENT },
      resultInformation: { subCode: 8539 },
    });
    (await f.callees.ringing(`4:${CALLER}`)).answer();
    const joined = await f.callbackWhere('ParticipantsUpdated', (data) => data['sequenceNumber'] === 2);
    expect((joined.data['participants'] as unknown[]).length).toBe(3);
    expect(types(f).filter((type) => type === 'CallConnected')).toHaveLength(1);
    conformingEvents(f);
  });

  it('to several fails when the last of them fails', async () => {
    const f = await fixture();
    await f.client.createGroupCall(
      [{ communicationUserId: AGENT }, { communicationUserId: COLLEAGUE }],
      f.callbackUrl,
    );
    (await f.callees.ringing(AGENT)).end('busy');
    await f.callback('AddParticipantFailed');
    (await f.callees.ringing(COLLEAGUE)).end('declined');
    expect((await f.callback('CreateCallFailed')).data).toMatchObject({
      resultInformation: { code: 603, subCode: 0 },
    });
  });

  it('is performed once when the SDK repeats it after a lost response', async () => {
    const f = await fixture();
    f.acs.armFault({ on: 'rest', fault: 'error', when: 'after', status: 503, count: 1, retryAfterMs: 1 });
    await f.client.createCall(TO_NUMBER, f.callbackUrl);
    expect(f.callees.rings).toHaveLength(1);
  });

  it('has a telephone that the control surface can hang up', async () => {
    const f = await fixture();
    await placedCall(f);
    const { calls } = (await (await f.control('GET', 'calls')).json()) as { calls: { id: string }[] };
    expect((await f.control('POST', `calls/${calls[0]?.id}/hang-up`)).status).toBe(204);
    await f.callback('CallDisconnected');
  });

  it('is given up by hanging up: the telephone stops ringing', async () => {
    const f = await fixture();
    const { callConnection } = await f.client.createCall(TO_NUMBER, f.callbackUrl);
    const ringing = await f.callees.ringing(`4:${CALLER}`);
    await callConnection.hangUp(true);
    await f.callback('CallDisconnected');
    expect(ringing.cancelled).toBe(true);
    const phone = ringing.answer();
    await until(() => phone.ends.length === 1, 'the late phone to hear that it is over');
    expect(types(f)).toEqual(['CallDisconnected']);
  });

  it('ends when the callee hangs up', async () => {
    const f = await fixture();
    const { phone } = await placedCall(f);
    (await f.callees.ringing(AGENT)).incoming.hangUp();
    await f.callback('CallDisconnected');
    expect(phone.ends).toEqual(['hungUpByCallee']);
    const [report] = ((await (await f.control('GET', 'calls')).json()) as { calls: unknown[] }).calls;
    expect(report).toMatchObject({ state: 'disconnected', outcome: 'hungUpByCallee', to: AGENT });
  });

  it.each<[string, Parameters<CallAutomationClient['createCall']>[0], RegExp]>([
    [
      'a phone number without a number of its own',
      { targetParticipant: { phoneNumber: CALLER } },
      /sourceCallerIdNumber/,
    ],
    ['no phone number', { ...TO_NUMBER, targetParticipant: { phoneNumber: '911' } }, /targets\[0\]/],
    ['somebody unknown', { targetParticipant: { communicationUserId: 'me' } }, /targets\[0\]/],
    [
      'a number that is none',
      { ...TO_NUMBER, sourceCallIdNumber: { phoneNumber: 'x' } },
      /sourceCallerIdNumber.value/,
    ],
  ])('to %s is refused with 400 8523', async (_, target, sentence) => {
    const f = await fixture();
    await expect(f.client.createCall(target, f.callbackUrl)).rejects.toMatchObject({
      statusCode: 400,
      code: '8523',
      message: expect.stringMatching(sentence),
    });
  });

  it('to nobody, or to the same person twice, is refused with 400 8523', async () => {
    const f = await fixture();
    const user = { communicationUserId: AGENT };
    for (const targets of [[], [user, user]]) {
      await expect(f.client.createGroupCall(targets, f.callbackUrl)).rejects.toMatchObject({
        statusCode: 400,
        code: '8523',
      });
    }
    await expect(
      f.client.createCall({ targetParticipant: user }, 'http://app.example/'),
    ).rejects.toMatchObject({
      code: '8523',
      message: expect.stringContaining('callbackUri'),
    });
  });

  it('to more people than can ring at a time is refused with 400 8523', async () => {
    const f = await fixture();
    const users = Array.from({ length: MAX_INVITATIONS + 1 }, (_, index) => ({
      communicationUserId: AGENT.replace(/2{12}$/, String(index).padStart(12, '0')),
    }));
    await expect(f.client.createGroupCall(users, f.callbackUrl)).rejects.toMatchObject({
      code: '8523',
      message: expect.stringContaining(`more than ${MAX_INVITATIONS}`),
    });
    expect(f.callees.rings).toEqual([]);
  });

  it('is refused with 429 when the number has as many calls as it may have', async () => {
    const f = await fixture();
    const client = new CallAutomationClient(f.acs.connectionString, {
      allowInsecureConnection: true,
      retryOptions: { maxRetries: 0 },
    });
    const calls = [];
    for (let i = 0; i < OUTBOUND_CALLS_PER_NUMBER; i++)
      calls.push(await client.createCall(TO_NUMBER, f.callbackUrl));
    await expect(client.createCall(TO_NUMBER, f.callbackUrl)).rejects.toMatchObject({
      statusCode: 429,
      code: '8516',
    });
    await calls[0]?.callConnection.hangUp(true);
    await expect(client.createCall(TO_NUMBER, f.callbackUrl)).resolves.toBeDefined();
  });
});
