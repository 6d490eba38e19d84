import { describe, expect, it } from 'vitest';
import type { Callback } from '../../../../functions/control/call/event.ts';
import { OPERATION_RESULTS } from '../../../../functions/control/call/operations.ts';
import { callEvents, parseCallbacks } from '../../../../functions/control/triggers/call-events.ts';
import { CONNECTED_ID, connectedCall, report } from '../../../support/connected-call.ts';

const OVERTAKING_MS = 30_000;

function parse(type: string, data: Record<string, unknown> = {}): Callback | undefined {
  return parseCallbacks([
    {
      id: 'event',
      type: `Microsoft.Communication.${type}`,
      time: '2026-11-22T12:00:00.0000000+00:00',
      data: { callConnectionId: 'connection', ...data },
    },
  ]).callbacks[0];
}

describe('events of operations', () => {
  it.each(Object.keys(OPERATION_RESULTS))('%s names the operation by the context that we gave', (type) => {
    const event = parse(type, { operationContext: 'op-18dea47f-b081-4107-9a5c-4300819d2c6c' });
    expect(event).toMatchObject({
      kind: type,
      operationId: 'op-18dea47f-b081-4107-9a5c-4300819d2c6c',
      details: { operationId: 'op-18dea47f-b081-4107-9a5c-4300819d2c6c' },
    });
  });

  it.each(['mine', 'op-', 'op-secret of somebody', `op-${'x'.repeat(65)}`, 'OP-1'])(
    'do not keep the context %s, which is not one of ours',
    (operationContext) => {
      const event = parse('PlayCompleted', { operationContext });
      expect(event?.operationId).toBeUndefined();
      expect(JSON.stringify(event)).not.toContain(operationContext);
    },
  );

  it('of streaming have contexts of the application, which are not kept whatever they look like', () => {
    const event = parse('MediaStreamingStarted', { operationContext: 'op-4255550123' });
    expect(JSON.stringify(event)).not.toContain('4255550123');
  });

  it('say why something failed by codes alone', () => {
    const resultInformation = { code: 486, subCode: 8539, message: 'busy' };
    expect(parse('AddParticipantFailed', { resultInformation })?.reason).toBe('486/8539');
  });

  it('of moved participants and of what is not known are recorded, and nothing more', () => {
    for (const type of ['MoveParticipantSucceeded', 'MoveParticipantFailed', 'SomethingOfNextYear'])
      expect(parse(type, { operationContext: 'op-1' })).toMatchObject({ kind: 'other', type });
  });

  it('have the invitation that was taken back', () => {
    const event = parse('CancelAddParticipantSucceeded', { invitationId: 'invitation' });
    expect(event?.invitationId).toBe('invitation');
  });

  it('about recordings need no connection, and say whether anything is recorded', () => {
    const [event] = parseCallbacks([
      {
        id: 'event',
        type: 'Microsoft.Communication.RecordingStateChanged',
        data: { recordingId: 'recording', state: 'active' },
      },
    ]).callbacks;
    expect(event).toMatchObject({ recording: { id: 'recording', active: true } });
    expect(parse('RecordingStateChanged', { recordingId: 'r', state: 'inactive' })?.recording).toEqual({
      id: 'r',
      active: false,
    });
  });

  it('about recordings are on the call by a connection of their own, and say nothing before they begin', () => {
    const data = { recordingId: 'r', callConnectionId: 'of the recording' };
    expect(parse('RecordingStateChanged', { ...data, state: 'active' })).not.toHaveProperty(
      'callConnectionId',
    );
    const notBegun = { ...data, state: 'inactive', startDateTime: '0001-01-01T00:00:00+00:00' };
    expect(parse('RecordingStateChanged', notBegun)?.recording).toBeUndefined();
    const begun = { ...notBegun, startDateTime: '2025-09-01T08:51:31.3005963+00:00' };
    expect(parse('RecordingStateChanged', begun)?.recording).toEqual({ id: 'r', active: false });
  });

  it('about participants count them, and those on hold', () => {
    const participants = [
      { identifier: { rawId: '4:+14255550123' }, isMuted: false, isOnHold: true },
      { identifier: { rawId: '8:acs:x' }, isMuted: true, isOnHold: false },
      { identifier: {} },
    ];
    const event = parse('ParticipantsUpdated', { participants, sequenceNumber: 4 });
    expect(event?.participants).toEqual({ count: 3, held: 1, sequence: 4 });
    expect(JSON.stringify(event)).not.toContain('4255550123');
  });
});

describe('what was recognized', () => {
  it('is passed on apart from what is stored', () => {
    const keys = parse('RecognizeCompleted', {
      recognitionType: 'dtmf',
      dtmfResult: { tones: ['one', 'pound'] },
    });
    expect(keys?.recognized).toEqual({ kind: 'dtmf', tones: ['one', 'pound'] });
    const words = parse('RecognizeCompleted', {
      recognitionType: 'speech',
      speechResult: { speech: 'my word is swordfish', confidence: 0.9 },
    });
    expect(words?.recognized).toEqual({ kind: 'speech', text: 'my word is swordfish', confidence: 0.9 });
    for (const event of [keys, words])
      expect(JSON.stringify([event?.details, event?.reason])).not.toMatch(/pound|swordfish/);
  });

  it('is nothing where it is not understood', () => {
    expect(parse('RecognizeCompleted', { dtmfResult: { tones: ['eleven'] } })?.recognized).toBeUndefined();
    expect(parse('RecognizeCompleted')?.recognized).toBeUndefined();
    expect(parse('RecognizeFailed', { dtmfResult: { tones: ['one'] } })?.recognized).toBeUndefined();
  });
});

describe('who is on hold', () => {
  const people = (held: number): object => ({
    participants: Array.from({ length: 2 }, (_, index) => ({ isOnHold: index < held })),
  });

  it('is what the event of the highest number says, whichever comes last', async () => {
    const fixture = await connectedCall();
    const held = async (): Promise<unknown> => (await fixture.store.get(CONNECTED_ID))?.held;
    await report(fixture, 'ParticipantsUpdated', { ...people(1), sequenceNumber: 3 });
    await report(fixture, 'ParticipantsUpdated', { ...people(0), sequenceNumber: 2 });
    expect(await held()).toBe(1);
    await report(fixture, 'ParticipantsUpdated', { ...people(2), sequenceNumber: 4 });
    expect(await held()).toBe(2);
  });

  it.each([Number.MAX_SAFE_INTEGER, 1e300, 1_000])(
    'follows later events again half a minute after one of the number %d',
    async (sequenceNumber) => {
      const fixture = await connectedCall();
      const held = async (): Promise<unknown> => (await fixture.store.get(CONNECTED_ID))?.held;
      await report(fixture, 'ParticipantsUpdated', { ...people(1), sequenceNumber: 2 });
      await report(fixture, 'ParticipantsUpdated', { ...people(2), sequenceNumber });
      await report(fixture, 'ParticipantsUpdated', { ...people(0), sequenceNumber: 3 });
      expect(await held(), 'it may have been overtaken').toBe(2);
      fixture.nowMs += OVERTAKING_MS;
      await report(fixture, 'ParticipantsUpdated', { ...people(0), sequenceNumber: 4 });
      expect(await held()).toBe(0);
      await report(fixture, 'ParticipantsUpdated', { ...people(1), sequenceNumber: 5 });
      expect(await held(), 'at once').toBe(1);
    },
  );

  it('is not held up for longer by an event that is dated ahead', async () => {
    const fixture = await connectedCall();
    const ahead = new Date(fixture.nowMs + 290_000).toISOString();
    const bad = fixture.callbackEvent('ParticipantsUpdated', 'bad', { ...people(2), sequenceNumber: 9_000 });
    await fixture.call(callEvents(fixture.load), {
      params: { callId: CONNECTED_ID },
      headers: { authorization: 'Bearer good' },
      body: [{ ...bad, time: ahead }],
    });
    fixture.nowMs += OVERTAKING_MS;
    await report(fixture, 'ParticipantsUpdated', { ...people(0), sequenceNumber: 4 });
    expect((await fixture.store.get(CONNECTED_ID))?.held).toBe(0);
  });
});

describe('why a placed call did not come about', () => {
  it.each([
    [486, 8539, 'busy'],
    [600, undefined, 'busy'],
    [603, 8538, 'declined'],
    [408, 8541, 'no-answer'],
    [480, 8541, 'not-reachable'],
    [404, undefined, 'not-reachable'],
    [500, 8541, 'not-reachable'],
    [500, 9999, undefined],
    [200, 7000, undefined],
    [undefined, undefined, undefined],
  ] as const)('%s/%s is %s', (code, subCode, failure) => {
    const resultInformation = { ...(code && { code }), ...(subCode && { subCode }) };
    expect(parse('CreateCallFailed', { resultInformation })?.failure).toBe(failure);
    expect(parse('CallDisconnected', { resultInformation })?.failure).toBe(failure);
  });
});
