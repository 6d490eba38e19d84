import { describe, expect, it } from 'vitest';
import { closedAfterEach } from '../../../support/closed-after-each.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../../support/until.ts';
import { CALLER, types } from './acs-fixture.ts';
import {
  AGENT,
  addAnswering,
  agent,
  answeredCall,
  COLLEAGUE,
  caller,
  colleague,
  INVALID,
  NOT_FOUND,
  OWN_NUMBER,
  placedCall,
  rawIdsOf,
  startCallingFixture,
} from './calling-fixture.ts';
import { conformingEvents } from './conforming-events.ts';

const fixture = closedAfterEach(startCallingFixture);

describe('addParticipant', () => {
  it('rings, and puts who answers on the call', async () => {
    const f = await fixture();
    const { call, connection } = await answeredCall(f);
    const result = await connection.addParticipant(
      {
        targetParticipant: { phoneNumber: '+14255550111' },
        sourceCallIdNumber: { phoneNumber: OWN_NUMBER },
        sourceDisplayName: 'Contoso',
        customCallingContext: [
          { kind: 'sipuui', key: '', value: 'uui' },
          { kind: 'sipx', key: 'k', value: 'v' },
          { kind: 'voip', key: 'vk', value: 'vv' },
        ],
      },
      { operationContext: 'adding', operationCallbackUrl: `${f.webhook.url}/op` },
    );
    expect(result).toMatchObject({
      operationContext: 'adding',
      invitationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      participant: { identifier: { phoneNumber: '+14255550111' } },
    });
    const ringing = await f.callees.ringing('4:+14255550111');
    expect(ringing.incoming).toMatchObject({
      from: { rawId: `4:${OWN_NUMBER}` },
      displayName: 'Contoso',
      sipHeaders: { 'User-To-User': 'uui', 'X-MS-Custom-k': 'v' },
      voipHeaders: { vk: 'vv' },
    });
    ringing.answer();
    const { data } = await f.callback('AddParticipantSucceeded', '/op');
    expect(data).toMatchObject({
      operationContext: 'adding',
      participant: { rawId: '4:+14255550111' },
      resultInformation: { code: 200, subCode: 0 },
    });
    const updated = await f.callbackWhere('ParticipantsUpdated', (event) => event['sequenceNumber'] === 2);
    expect(rawIdsOf(updated.data['participants'])).toEqual([`4:${CALLER}`, f.ownUserId, '4:+14255550111']);
    expect(call.connection?.participants.phones.map(({ rawId }) => rawId)).toEqual([
      `4:${CALLER}`,
      '4:+14255550111',
    ]);
    await connection.hangUp(true);
    await f.callback('CallDisconnected');
    expect(types(f), 'the event of the operation went to its own address').not.toContain(
      'AddParticipantSucceeded',
    );
    conformingEvents(f);
    conformingEvents(f, '/op');
  });

  it.each([
    ['declined', 603, 0],
    ['busy', 486, 8539],
    ['unavailable', 480, 8541],
    ['noAnswer', 408, 8541],
  ] as const)(
    'whose callee, a user, is %s is AddParticipantFailed with %i/%i, and the call goes on',
    async (outcome, code, subCode) => {
      const f = await fixture();
      const { connection } = await answeredCall(f);
      await connection.addParticipant({ targetParticipant: agent }, { operationContext: 'oc' });
      (await f.callees.ringing(AGENT)).end(outcome);
      expect((await f.callback('AddParticipantFailed')).data).toMatchObject({
        operationContext: 'oc',
        participant: { rawId: AGENT },
        resultInformation: { code, subCode },
      });
      expect(await connection.getCallConnectionProperties()).toMatchObject({
        callConnectionState: 'connected',
      });
      conformingEvents(f);
    },
  );

  it.each([
    [7, 7_000],
    [180, 180_000],
    [0, 85_000],
    [undefined, 85_000],
  ])('with a timeout of %s s gives up after %i ms', async (invitationTimeoutInSeconds, limitMs) => {
    const clock = new ManualClock(Date.now());
    const f = await fixture({ clock });
    const { incomingCallContext, call } = await f.ring({ phone: { tailMs: 1_000, maxMs: 1_000_000 } });
    const { callConnection } = await f.client.answerCall(incomingCallContext, f.callbackUrl);
    clock.advance(100);
    await until(() => call.state === 'connected', 'the call to be connected');
    await callConnection.addParticipant(
      { targetParticipant: agent },
      invitationTimeoutInSeconds === undefined ? {} : { invitationTimeoutInSeconds },
    );
    const ringing = await f.callees.ringing(AGENT);
    clock.advance(limitMs - 1);
    expect(ringing.cancelled).toBe(false);
    clock.advance(1);
    expect(ringing.cancelled).toBe(true);
    expect((await f.callback('AddParticipantFailed')).data).toMatchObject({
      resultInformation: { code: 408, subCode: 8541 },
    });
  });

  it('is refused for whom it cannot be', async () => {
    const f = await fixture();
    const { connection } = await answeredCall(f);
    const add = (target: Parameters<typeof connection.addParticipant>[0], seconds = 5): Promise<unknown> =>
      connection.addParticipant(target, { invitationTimeoutInSeconds: seconds });
    const number = { phoneNumber: '+14255550111' };
    await expect(add({ targetParticipant: number }), 'no caller id').rejects.toMatchObject(INVALID);
    await expect(add({ targetParticipant: agent }, 181), 'too long').rejects.toMatchObject({
      ...INVALID,
      message: expect.stringContaining('between 0 and 180'),
    });
    await expect(add({ targetParticipant: agent }, 1.5), 'no whole number').rejects.toMatchObject(INVALID);
    await expect(
      add({ targetParticipant: caller, sourceCallIdNumber: { phoneNumber: OWN_NUMBER } }),
      'on the call already',
    ).rejects.toMatchObject(INVALID);
    await add({ targetParticipant: agent });
    await expect(add({ targetParticipant: agent }), 'invited already').rejects.toMatchObject({
      statusCode: 409,
      code: '8519',
    });
  });
});

describe('cancelAddParticipant', () => {
  it('stops the ringing and says so, with nothing about a failure', async () => {
    const f = await fixture();
    const { connection } = await answeredCall(f);
    const { invitationId = '' } = await connection.addParticipant({ targetParticipant: agent });
    const ringing = await f.callees.ringing(AGENT);
    const result = await connection.cancelAddParticipantOperation(invitationId, { operationContext: 'no' });
    expect(result).toMatchObject({ invitationId, operationContext: 'no' });
    const { data } = await f.callback('CancelAddParticipantSucceeded');
    expect(data).toMatchObject({ invitationId, operationContext: 'no' });
    expect(ringing.cancelled).toBe(true);
    await connection.hangUp(true);
    await f.callback('CallDisconnected');
    expect(types(f)).not.toContain('AddParticipantFailed');
    conformingEvents(f);
  });

  it('is CancelAddParticipantFailed once somebody has answered, or for an id that never was', async () => {
    const f = await fixture();
    const { connection } = await answeredCall(f);
    await addAnswering(f, connection, AGENT);
    await connection.cancelAddParticipantOperation('b9f3f5a5-0000-4000-8000-000000000000');
    const { data } = await f.callback('CancelAddParticipantFailed');
    expect(data).toMatchObject({ resultInformation: { code: 404, subCode: 8522 } });
    conformingEvents(f);
  });
});

describe('removeParticipant', () => {
  it('takes somebody off the call, who hears of it', async () => {
    const f = await fixture();
    const { connection } = await answeredCall(f);
    const phone = await addAnswering(f, connection, AGENT);
    const result = await connection.removeParticipant(agent, { operationContext: 'bye' });
    expect(result).toMatchObject({ operationContext: 'bye' });
    expect((await f.callback('RemoveParticipantSucceeded')).data).toMatchObject({
      operationContext: 'bye',
      participant: { rawId: AGENT },
    });
    const updated = await f.callbackWhere('ParticipantsUpdated', (data) => data['sequenceNumber'] === 3);
    expect(rawIdsOf(updated.data['participants'])).not.toContain(AGENT);
    expect(phone.ends).toEqual(['removed']);
    conformingEvents(f);
  });

  it('of the last telephone ends the call', async () => {
    const f = await fixture();
    const { connection } = await answeredCall(f);
    await connection.removeParticipant(caller);
    await f.callback('RemoveParticipantSucceeded');
    await f.callback('CallDisconnected');
  });

  it('is 404 8522 for a stranger, and RemoveParticipantFailed for the application itself', async () => {
    const f = await fixture();
    const { connection } = await answeredCall(f);
    await expect(connection.removeParticipant(agent)).rejects.toMatchObject(NOT_FOUND);
    await connection.removeParticipant({ communicationUserId: f.ownUserId });
    expect((await f.callback('RemoveParticipantFailed')).data).toMatchObject({
      participant: { rawId: f.ownUserId },
      resultInformation: { code: 400, subCode: 8523 },
    });
    conformingEvents(f);
  });
});

describe('muteParticipant', () => {
  it('silences a user of Communication Services, who hears on', async () => {
    const f = await fixture();
    const { call, connection } = await answeredCall(f);
    await addAnswering(f, connection, AGENT);
    expect(await connection.muteParticipant(agent, { operationContext: 'hush' })).toMatchObject({
      operationContext: 'hush',
    });
    expect(await connection.getParticipant(agent)).toMatchObject({ isMuted: true, isOnHold: false });
    const updated = await f.callbackWhere('ParticipantsUpdated', (data) => data['sequenceNumber'] === 3);
    expect(JSON.stringify(updated.data['participants'])).toContain('"isMuted":true');
    await connection.muteParticipant(agent);
    expect(call.connection?.participants.find(AGENT)?.isMuted, 'muting twice changes nothing').toBe(true);
    conformingEvents(f);
  });

  it('is refused for telephones and strangers', async () => {
    const f = await fixture();
    const { connection } = await answeredCall(f);
    await expect(connection.muteParticipant(caller)).rejects.toMatchObject(INVALID);
    await expect(connection.muteParticipant(agent)).rejects.toMatchObject(NOT_FOUND);
  });
});

describe('listParticipants and getParticipant', () => {
  it('name who is on the call', async () => {
    const f = await fixture();
    const { connection } = await answeredCall(f);
    const { values } = await connection.listParticipants();
    expect(values).toMatchObject([
      { identifier: { phoneNumber: CALLER }, isMuted: false, isOnHold: false },
      { identifier: { communicationUserId: f.ownUserId } },
    ]);
    expect(await connection.getParticipant(caller), 'a raw id that is percent-encoded').toMatchObject({
      identifier: { phoneNumber: CALLER },
    });
    await expect(connection.getParticipant(agent)).rejects.toMatchObject(NOT_FOUND);
  });

  it('follow the link from page to page', async () => {
    const f = await fixture();
    const users = Array.from({ length: 45 }, (_, index) => ({
      communicationUserId: AGENT.replace(/2{12}$/, String(index).padStart(12, '0')),
    }));
    const { callConnection } = await f.client.createGroupCall(users, f.callbackUrl);
    for (const { communicationUserId } of users) (await f.callees.ringing(communicationUserId)).answer();
    await f.callback('CallConnected');
    const { values } = await until(async () => {
      const list = await callConnection.listParticipants();
      return list.values?.length === 46 && list;
    }, 'everybody to be on the list');
    expect(new Set(values?.map(({ identifier }) => JSON.stringify(identifier))).size).toBe(46);
  });
});

describe('moveParticipants', () => {
  it('carries a telephone to another call, where it can hang up', async () => {
    const f = await fixture();
    const { connection, callConnectionId } = await placedCall(f);
    const { call } = await answeredCall(f);
    const from = call.ids.callConnectionId;
    const result = await connection.moveParticipants([caller], from, {
      operationContext: 'moving',
      operationCallbackUrl: `${f.webhook.url}/op`,
    });
    expect(result).toMatchObject({
      operationContext: 'moving',
      fromCall: from,
      participants: [{ identifier: caller }],
    });
    expect((await f.callback('MoveParticipantSucceeded', '/op')).data).toMatchObject({
      callConnectionId,
      operationContext: 'moving',
      participant: { rawId: `4:${CALLER}` },
      fromCall: from,
    });
    await f.callbackWhere('CallDisconnected', (data) => data['callConnectionId'] === from);
    expect(call.outcome).toBe('moved');
    expect((await connection.listParticipants()).values).toHaveLength(3);
    call.hangUpByCaller();
    await until(
      async () => (await connection.listParticipants()).values?.length === 2,
      'the caller to be gone',
    );
    conformingEvents(f);
    conformingEvents(f, '/op');
  });

  it('leaves the other call to those who stay', async () => {
    const f = await fixture();
    const { connection: target } = await placedCall(f);
    const { call, connection } = await answeredCall(f);
    await addAnswering(f, connection, COLLEAGUE);
    await target.moveParticipants([colleague], call.ids.callConnectionId);
    await f.callback('MoveParticipantSucceeded');
    expect(await connection.getCallConnectionProperties()).toMatchObject({
      callConnectionState: 'connected',
    });
    expect(call.connection?.participants.phones).toHaveLength(1);
  });

  it('is refused for whom it cannot be', async () => {
    const f = await fixture();
    const { connection, callConnectionId } = await placedCall(f);
    const { call } = await answeredCall(f);
    const from = call.ids.callConnectionId;
    await expect(connection.moveParticipants([colleague], from)).rejects.toMatchObject(NOT_FOUND);
    await expect(connection.moveParticipants([caller], 'no-call')).rejects.toMatchObject(NOT_FOUND);
    await expect(connection.moveParticipants([agent], callConnectionId)).rejects.toMatchObject(INVALID);
    await expect(connection.moveParticipants([], from)).rejects.toMatchObject(INVALID);
  });
});

describe('somebody who hangs up', () => {
  it('leaves the others on the call; the last one ends it', async () => {
    const f = await fixture();
    const { call, connection } = await answeredCall(f);
    const phone = await addAnswering(f, connection, AGENT);
    call.hangUpByCaller();
    await f.callbackWhere('ParticipantsUpdated', (data) => data['sequenceNumber'] === 3);
    expect(call.state).toBe('connected');
    (await f.callees.ringing(AGENT)).incoming.hangUp();
    await f.callback('CallDisconnected');
    expect(phone.ends).toHaveLength(1);
    conformingEvents(f);
  });
});
