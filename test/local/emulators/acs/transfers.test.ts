import { describe, expect, it } from 'vitest';
import { MediaTicker } from '../../../../local/emulators/acs/media/media-ticker.ts';
import { closedAfterEach } from '../../../support/closed-after-each.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../../support/until.ts';
import { CALLER } from './acs-fixture.ts';
import {
  AGENT,
  addAnswering,
  agent,
  answeredCall,
  answeredSpeaker,
  COLLEAGUE,
  caller,
  colleague,
  INVALID,
  NOT_FOUND,
  OWN_NUMBER,
  startCallingFixture,
} from './calling-fixture.ts';
import { conformingEvents } from './conforming-events.ts';
import { fakePhone } from './fake-callees.ts';

const fixture = closedAfterEach(startCallingFixture);

describe('transferToParticipant', () => {
  it('is CallTransferAccepted when the target answers, and ends the call for the application', async () => {
    const f = await fixture();
    const { call, connection } = await answeredCall(f);
    const result = await connection.transferCallToParticipant(
      { phoneNumber: '+14255550111' },
      {
        operationContext: 'away',
        operationCallbackUrl: `${f.webhook.url}/op`,
        sourceCallIdNumber: { phoneNumber: OWN_NUMBER },
        customCallingContext: [{ kind: 'sipuui', key: '', value: 'uui' }],
      },
    );
    expect(result).toMatchObject({ operationContext: 'away' });
    const ringing = await f.callees.ringing('4:+14255550111');
    expect(ringing.incoming).toMatchObject({
      from: { rawId: `4:${OWN_NUMBER}` },
      sipHeaders: { 'User-To-User': 'uui' },
    });
    expect(await connection.getCallConnectionProperties()).toMatchObject({
      callConnectionState: 'transferring',
    });
    ringing.answer();
    expect((await f.callback('CallTransferAccepted', '/op')).data).toMatchObject({
      operationContext: 'away',
      transferTarget: { rawId: '4:+14255550111' },
      transferee: { rawId: `4:${CALLER}` },
    });
    await f.callback('CallDisconnected');
    expect(call.outcome).toBe('transferred');
    await expect(connection.getCallConnectionProperties()).rejects.toMatchObject(NOT_FOUND);
    conformingEvents(f);
    conformingEvents(f, '/op');
  });

  it('leaves caller and target to each other, who hear each other until one of them hangs up', async () => {
    const f = await fixture();
    const { call, connection, phone } = await answeredSpeaker(f, 7);
    await connection.transferCallToParticipant(agent);
    const target = (await f.callees.ringing(AGENT)).answer(new Int16Array(320).fill(9));
    await f.callback('CallDisconnected');
    await until(() => target.heard.at(-1)?.[0] === 7 && phone.heard.at(-1)?.[0] === 9, 'both to be heard');
    expect(phone.ends).toEqual([]);
    call.hangUpByCaller();
    call.hangUpByCaller();
    expect([phone.ends, target.ends]).toEqual([['hungUp'], ['hungUp']]);
  });

  it.each([
    ['declined', 603, 0],
    ['busy', 486, 8539],
    ['unavailable', 480, 8541],
    ['noAnswer', 408, 8541],
  ] as const)(
    'to a user who is %s is CallTransferFailed with %i/%i, and the call goes on',
    async (outcome, code, subCode) => {
      const f = await fixture();
      const { connection } = await answeredCall(f);
      await connection.transferCallToParticipant(agent, { operationContext: 'away' });
      (await f.callees.ringing(AGENT)).end(outcome);
      expect((await f.callback('CallTransferFailed')).data).toMatchObject({
        operationContext: 'away',
        resultInformation: { code, subCode },
      });
      expect(await connection.getCallConnectionProperties()).toMatchObject({
        callConnectionState: 'connected',
      });
      await connection.transferCallToParticipant(agent);
      conformingEvents(f);
    },
  );

  it('fails when the caller hangs up before the target answers', async () => {
    const f = await fixture();
    const { call, connection } = await answeredCall(f);
    await addAnswering(f, connection, COLLEAGUE);
    await connection.transferCallToParticipant(agent, { transferee: caller });
    const ringing = await f.callees.ringing(AGENT);
    call.hangUpByCaller();
    const target = ringing.answer();
    expect((await f.callback('CallTransferFailed')).data).toMatchObject({
      resultInformation: { code: 404, subCode: 8522 },
    });
    expect(target.ends).toEqual(['cancelled']);
  });

  it('sends one of several away, and leaves the rest with the application', async () => {
    const f = await fixture();
    const { connection } = await answeredCall(f);
    await addAnswering(f, connection, COLLEAGUE);
    await connection.transferCallToParticipant(agent, { transferee: colleague });
    (await f.callees.ringing(AGENT)).answer();
    expect((await f.callback('CallTransferAccepted')).data).toMatchObject({
      transferee: { rawId: COLLEAGUE },
    });
    expect(await connection.getCallConnectionProperties()).toMatchObject({
      callConnectionState: 'connected',
    });
    expect((await connection.listParticipants()).values).toHaveLength(2);
    conformingEvents(f);
  });

  it('is refused for whom it cannot be', async () => {
    const f = await fixture();
    const { connection } = await answeredCall(f);
    const away = connection.transferCallToParticipant.bind(connection);
    await expect(away(agent, { transferee: colleague }), 'a stranger').rejects.toMatchObject(NOT_FOUND);
    await expect(
      away(agent, { transferee: { communicationUserId: f.ownUserId } }),
      'itself',
    ).rejects.toMatchObject(NOT_FOUND);
    await expect(away(caller), 'to who is here').rejects.toMatchObject(INVALID);
    await addAnswering(f, connection, COLLEAGUE);
    await expect(away(agent), 'one of several').rejects.toMatchObject(INVALID);
    await away(agent, { transferee: caller });
    await expect(away(agent, { transferee: caller }), 'twice').rejects.toMatchObject({
      statusCode: 400,
      code: '8585',
    });
  });
});

describe('redirectCall', () => {
  it('rings elsewhere, brings the two together, and tells the application nothing more', async () => {
    const f = await fixture();
    const phone = fakePhone(`4:${CALLER}`, new Int16Array(320).fill(7));
    const { call, incomingCallContext } = await f.ring({ phone: () => phone });
    await f.client.redirectCall(incomingCallContext, { targetParticipant: agent });
    const ringing = await f.callees.ringing(AGENT);
    expect(ringing.incoming.from?.rawId).toBe(`4:${CALLER}`);
    expect(call.outcome).toBe('redirected');
    const target = ringing.answer(new Int16Array(320).fill(9));
    await until(() => target.heard.at(-1)?.[0] === 7 && phone.heard.at(-1)?.[0] === 9, 'both to be heard');
    expect(phone.ends).toEqual([]);
    ringing.incoming.hangUp();
    await until(() => target.ends.length === 1 && phone.ends.length === 1, 'both to be through');
    expect(f.callbacks()).toEqual([]);
  });

  it('to somebody who does not take it ends the call for the caller', async () => {
    const f = await fixture();
    const phone = fakePhone(`4:${CALLER}`);
    const { incomingCallContext } = await f.ring({ phone: () => phone });
    await f.client.redirectCall(incomingCallContext, { targetParticipant: agent });
    (await f.callees.ringing(AGENT)).end('busy');
    await until(() => phone.ends.length === 1, 'the caller to hear of it');
    expect(phone.ends).toEqual(['busy']);
  });

  it('stops ringing when the caller hangs up', async () => {
    const f = await fixture();
    const phone = fakePhone(`4:${CALLER}`);
    const { call, incomingCallContext } = await f.ring({ phone: () => phone });
    await f.client.redirectCall(incomingCallContext, { targetParticipant: agent });
    const ringing = await f.callees.ringing(AGENT);
    call.hangUpByCaller();
    call.hangUpByCaller();
    expect(ringing.cancelled).toBe(true);
    expect(phone.ends).toEqual(['abandonedByCaller']);
  });

  it('is followed by successes of reject and answer that change nothing, as in the service', async () => {
    const f = await fixture();
    const { incomingCallContext } = await f.ring();
    await f.client.redirectCall(incomingCallContext, { targetParticipant: agent });
    await f.client.rejectCall(incomingCallContext);
    await f.client.answerCall(incomingCallContext, f.callbackUrl, { operationContext: 'late' });
    expect((await f.callback('AnswerFailed')).data).toMatchObject({
      operationContext: 'late',
      resultInformation: { code: 404, subCode: 8522 },
    });
    await f.callback('CallDisconnected');
    conformingEvents(f);
  });

  it('is refused twice, after an answer, and after the ringing', async () => {
    const clock = new ManualClock(Date.now());
    const f = await fixture({ clock });
    const redirect = (context: string): Promise<void> =>
      f.client.redirectCall(context, { targetParticipant: agent });
    const first = await f.ring();
    await redirect(first.incomingCallContext);
    await expect(redirect(first.incomingCallContext)).rejects.toMatchObject(INVALID);
    const second = await f.ring();
    await f.client.answerCall(second.incomingCallContext, f.callbackUrl);
    await expect(redirect(second.incomingCallContext)).rejects.toMatchObject(INVALID);
    const third = await f.ring();
    clock.advance(30_000);
    await expect(redirect(third.incomingCallContext)).rejects.toMatchObject(NOT_FOUND);
    await expect(redirect('no-context')).rejects.toMatchObject(INVALID);
  });
});

describe('hanging up for oneself', () => {
  it('ends the call of two, and for everybody any call', async () => {
    const f = await fixture();
    const { connection } = await answeredCall(f);
    const phone = await addAnswering(f, connection, AGENT);
    await connection.hangUp(true);
    await f.callback('CallDisconnected');
    expect(phone.ends).toEqual(['hungUpByApplication']);
    for (const everyone of [true, false])
      await expect(connection.hangUp(everyone)).rejects.toMatchObject(NOT_FOUND);
  });

  it('leaves nobody talking for ever', async () => {
    const clock = new ManualClock(Date.now());
    // Nobody's frames are counted for half an hour.
    const f = await fixture({ clock, ticker: new MediaTicker(new ManualClock()) });
    const phone = fakePhone(`4:${CALLER}`);
    const { call, incomingCallContext } = await f.ring({ phone: () => phone });
    const { callConnection } = await f.client.answerCall(incomingCallContext, f.callbackUrl);
    clock.advance(100);
    await until(() => call.state === 'connected', 'the call to be connected');
    await callConnection.addParticipant({ targetParticipant: agent });
    const other = (await f.callees.ringing(AGENT)).answer();
    await f.callback('AddParticipantSucceeded');
    await callConnection.hangUp(false);
    clock.advance(30 * 60_000);
    expect([phone.ends, other.ends]).toEqual([['hungUp'], ['hungUp']]);
  });
});
