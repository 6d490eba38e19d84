import { beforeEach, describe, expect, it, vi } from 'vitest';
import { step } from '../../../../functions/control/call/call.ts';
import { CallStoreError } from '../../../../functions/control/call/stores.ts';
import { callEvents } from '../../../../functions/control/triggers/call-events.ts';
import { incomingCall } from '../../../../functions/control/triggers/incoming-call.ts';
import { callIdOfContext } from '../../../../functions/control/use-cases/receive-incoming-call.ts';
import { CALL_ID_PATTERN } from '../../../../shared/wire/names.ts';
import { verifyCallToken } from '../../../../shared/wire/signed/call-token.ts';
import { openTicket } from '../../../../shared/wire/signed/ticket.ts';
import { CONNECTION_ID, PLAN, T0 } from '../../../support/calls.ts';
import { CALLED, CALLER, CONTEXT, ControlFixture, TICKET_KEY } from '../../../support/control-fixture.ts';
import { until } from '../../../support/until.ts';

const ANSWER_LEASE_MS = 10_000;

const CALL_ID = callIdOfContext(CONTEXT);

let fixture: ControlFixture;

beforeEach(() => {
  fixture = new ControlFixture();
});

async function deliver(event = fixture.incomingEvent()): Promise<void> {
  await incomingCall(fixture.load)(event, fixture.context());
}

describe('an incoming call', () => {
  it('is answered with the media options of its route', async () => {
    await deliver();
    const [answer] = fixture.acs.answers;
    expect(answer).toMatchObject({
      incomingCallContext: CONTEXT,
      callbackUrl: `https://control.example/api/callbacks/${CALL_ID}`,
      operationContext: CALL_ID,
      media: { plan: PLAN },
    });
    expect(CALL_ID).toMatch(CALL_ID_PATTERN);
  });

  it('sends ACS to the relay with a ticket for this call that lasts as long as a call may', async () => {
    await deliver();
    const url = new URL(fixture.acs.answers[0]?.media.transportUrl ?? '');
    expect(`${url.origin}${url.pathname}`).toBe(`wss://relay.example/media/${CALL_ID}`);
    const ticket = await openTicket(
      url.searchParams.get('ticket') ?? '',
      CALL_ID,
      [TICKET_KEY],
      fixture.nowMs,
    );
    expect(ticket).toEqual({
      issuedAtMs: fixture.nowMs,
      ticketKey: TICKET_KEY,
      callId: CALL_ID,
      from: CALLER,
      to: CALLED,
      plan: PLAN,
      expiresAtMs: T0 + fixture.deps.maxCallMs,
      direction: 'inbound',
      controlUrl: fixture.deps.publicBaseUrl,
      controlOf: expect.any(Function),
    });
    const control = ticket.controlOf?.('echo');
    expect(control).toMatchObject({ url: fixture.deps.publicBaseUrl, peer: CALLER });
    const token = control?.token ?? '';
    expect(
      await verifyCallToken(token, [TICKET_KEY], fixture.nowMs),
      'what workers are given opens this call',
    ).toEqual({ callId: CALL_ID, worker: 'echo' });
    expect(url.href, 'the address holds nothing by which the call can be controlled').not.toContain(token);
  });

  it('sends ACS to an address that does not show who calls whom, nor its decoded parts', async () => {
    await deliver();
    const url = new URL(fixture.acs.answers[0]?.media.transportUrl ?? '');
    const parts = (url.searchParams.get('ticket') ?? '').split('.');
    const decoded = parts.map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    const shown = [url.href, ...decoded].join('\n');
    expect(shown, 'the header of the ticket').toContain('A256GCM');
    for (const party of [CALLER, CALLED])
      for (let at = 0; at + 5 <= party.length; at += 1) expect(shown).not.toContain(party.slice(at, at + 5));
  });

  it('is stored before ACS is asked to answer', async () => {
    let stored: string | undefined;
    fixture.acs.duringAnswer = async () => {
      stored = (await fixture.store.get(CALL_ID))?.phase;
    };
    await deliver();
    expect(stored).toBe('answering');
  });

  it('is answered once, though it is delivered five times, two of them at once', async () => {
    await Promise.all([deliver(), deliver()]);
    await deliver();
    fixture.nowMs += 2 * ANSWER_LEASE_MS;
    await deliver(fixture.incomingEvent({ eventTime: new Date(T0).toISOString() }));
    await deliver(fixture.incomingEvent({ eventTime: new Date(T0).toISOString() }));
    expect(fixture.acs.count('answer')).toBe(1);
    const timeline = await fixture.store.timeline(CALL_ID, 100);
    expect(timeline.map(({ type }) => type)).toEqual(['IncomingCall', 'AnswerSucceeded']);
  });

  it('is answered by a redelivery after the lease, when the app stopped while it answered', async () => {
    fixture.acs.duringAnswer = () => new Promise(() => {});
    void deliver();
    await until(() => fixture.acs.count('answer') === 1, 'the first delivery to answer');
    fixture.acs.duringAnswer = async () => {};
    const again = fixture.incomingEvent();
    fixture.nowMs += ANSWER_LEASE_MS - 1;
    await deliver(again);
    expect(fixture.acs.count('answer'), 'the first may still be at it').toBe(1);
    fixture.nowMs += 1;
    await deliver(again);
    expect(fixture.acs.count('answer')).toBe(2);
    expect(await fixture.store.get(CALL_ID)).toMatchObject({ callConnectionId: CONNECTION_ID, attempts: 2 });
  });

  it.each([
    ['a withheld number', { rawId: '4:anonymous', phoneNumber: { value: 'anonymous' } }, '4:anonymous'],
    ['nulls beside a number', { rawId: CALLER, phoneNumber: null, communicationUser: null }, CALLER],
    ['nothing', null, 'unknown'],
  ])('is answered and routed where its caller is described by %s', async (_what, from, rawId) => {
    fixture = new ControlFixture([
      { name: 'others', match: { from: '+1900*' }, action: 'reject', plan: PLAN },
      { name: 'these', match: { from: rawId }, action: 'answer', plan: PLAN },
    ]);
    await deliver(fixture.incomingEvent({}, { from }));
    expect(fixture.acs.count('answer')).toBe(1);
    expect(await fixture.store.get(CALL_ID)).toMatchObject({ route: 'these', phase: 'answering' });
    const url = new URL(fixture.acs.answers[0]?.media.transportUrl ?? '');
    const ticket = await openTicket(
      url.searchParams.get('ticket') ?? '',
      CALL_ID,
      [TICKET_KEY],
      fixture.nowMs,
    );
    expect(ticket).toMatchObject({ from: rawId, to: CALLED });
  });

  it('is dropped when it is older than a phone rings', async () => {
    const event = fixture.incomingEvent();
    fixture.nowMs += 30_001;
    await deliver(event);
    expect(fixture.acs.asked).toEqual([]);
    expect(await fixture.store.get(CALL_ID)).toBeUndefined();
  });

  it.each([
    ['of the year 9999', '9999-01-01T00:00:00Z'],
    ['before 1970', '1969-01-01T00:00:00Z'],
    ['that is none', 'yesterday'],
    ['missing', undefined],
  ])(
    'with a time %s is entered once, as of its arrival, and is stale when a phone rings no more',
    async (_what, eventTime) => {
      const event = fixture.incomingEvent({ eventTime });
      const arrivedMs = fixture.nowMs;
      fixture.acs.duringAnswer = () => new Promise(() => {});
      void deliver(event);
      await until(() => fixture.acs.count('answer') === 1, 'the first delivery to answer');
      fixture.nowMs += 30_001;
      await deliver(event);
      expect(fixture.acs.count('answer'), 'requests to answer').toBe(1);
      const timeline = await fixture.store.timeline(CALL_ID, 100);
      expect(timeline).toMatchObject([{ id: 'grid-event-1', type: 'IncomingCall', atMs: arrivedMs }]);
    },
  );

  it('is entered once where a later delivery finds its time possible', async () => {
    const arrivedMs = fixture.nowMs;
    const event = fixture.incomingEvent({ eventTime: new Date(arrivedMs + 301_000).toISOString() });
    await deliver(event);
    fixture.nowMs += 5_000;
    await deliver(event);
    const entries = (await fixture.store.timeline(CALL_ID, 100)).filter(
      ({ type }) => type === 'IncomingCall',
    );
    expect(entries).toMatchObject([{ atMs: arrivedMs }]);
  });

  it('is entered once, however often it is reported again as an event of another id', async () => {
    for (let count = 0; count < 50; count += 1) {
      await deliver(fixture.incomingEvent({ id: `replay-${count}` }));
      fixture.nowMs += 1_000;
    }
    const timeline = await fixture.store.timeline(CALL_ID, 100);
    expect(timeline.map(({ id, type, atMs }) => [id, type, atMs])).toEqual([
      ['replay-0', 'IncomingCall', T0],
      [expect.any(String), 'AnswerSucceeded', expect.any(Number)],
    ]);
  });

  it('with a time to come hides nothing from followers of its timeline', async () => {
    await deliver(fixture.incomingEvent({ eventTime: '9999-01-01T00:00:00Z' }));
    fixture.nowMs += 10;
    await fixture.call(callEvents(fixture.load), {
      params: { callId: CALL_ID },
      headers: { authorization: 'Bearer good' },
      body: [fixture.callbackEvent('CallConnected', 'a'), fixture.callbackEvent('CallDisconnected', 'b')],
    });
    const { text } = await fixture.ask('streamTimeline', { params: { callId: CALL_ID } });
    for (const type of ['IncomingCall', 'AnswerSucceeded', 'CallConnected', 'CallDisconnected'])
      expect(text).toContain(`"type":"${type}"`);
    expect(text).toContain('event: end');
  });

  it('is entered by a late delivery, and not asked for again, where the app stopped before the entry', async () => {
    const event = fixture.incomingEvent();
    const append = vi.spyOn(fixture.store, 'appendTimeline');
    append.mockRejectedValue(new CallStoreError('storage could not be reached'));
    await expect(deliver(event)).rejects.toThrow('storage could not be reached');
    append.mockRestore();
    fixture.nowMs += 30_001;
    await deliver(event);
    expect(fixture.acs.count('answer'), 'requests to answer').toBe(1);
    expect(await fixture.store.timeline(CALL_ID, 100)).toMatchObject([{ type: 'IncomingCall' }]);
  });

  it('is left ringing where no route matches, with nothing but its id in the log', async () => {
    fixture = new ControlFixture([{ name: 'other', match: { to: '+1900*' }, action: 'answer', plan: PLAN }]);
    await deliver();
    expect(fixture.acs.asked).toEqual([]);
    expect(await fixture.store.get(CALL_ID)).toBeUndefined();
    expect(fixture.logged.join('\n')).toContain(CALL_ID);
  });

  it('is rejected where its route says so, once', async () => {
    fixture = new ControlFixture([
      { name: 'blocked', match: { from: '+1425*' }, action: 'reject', plan: PLAN },
    ]);
    await deliver();
    await deliver();
    expect(fixture.acs.asked).toEqual([{ operation: 'reject', about: CONTEXT, context: 'forbidden' }]);
    expect(await fixture.store.get(CALL_ID)).toMatchObject({ phase: 'ended', endReason: 'rejected' });
  });

  it('is rejected with the reason of its route', async () => {
    fixture = new ControlFixture([
      { name: 'full', match: {}, action: 'reject', rejectReason: 'busy', plan: PLAN },
    ]);
    await deliver();
    expect(fixture.acs.asked).toEqual([{ operation: 'reject', about: CONTEXT, context: 'busy' }]);
  });

  it('is redirected where its route says so, once, whatever the API may call, and the number is not kept', async () => {
    const nobody = { allowed: [], callsPerHour: 0 };
    fixture = new ControlFixture(
      [{ name: 'elsewhere', match: {}, action: 'redirect', redirectTo: '4:+14255550177', plan: PLAN }],
      nobody,
    );
    await deliver();
    await deliver();
    expect(fixture.acs.asked).toEqual([{ operation: 'redirect', about: CONTEXT, context: '4:+14255550177' }]);
    expect(await fixture.store.get(CALL_ID)).toMatchObject({ phase: 'ended', endReason: 'redirected' });
    const timeline = await fixture.store.timeline(CALL_ID, 10);
    expect(timeline.map(({ type }) => type)).toEqual(['IncomingCall', 'RedirectSucceeded']);
    const kept = JSON.stringify([await fixture.store.get(CALL_ID), timeline, fixture.logged]);
    expect(kept).not.toContain('4255550177');
  });

  it('has nowhere to go where its route no longer says where to, and ends', async () => {
    fixture = new ControlFixture([{ name: 'elsewhere', match: {}, action: 'redirect', plan: PLAN }]);
    await deliver();
    expect(fixture.acs.asked).toEqual([]);
    expect(await fixture.store.get(CALL_ID)).toMatchObject({
      phase: 'ended',
      endReason: 'redirect failed: the route no longer says where to redirect the call',
    });
  });

  it('hands ACS the address for transcripts of its route', async () => {
    const transcription = { transportUrl: 'wss://transcripts.example/', locale: 'en-US' };
    fixture = new ControlFixture([
      { name: 'everyone', match: {}, action: 'answer', transcription, plan: PLAN },
    ]);
    await deliver();
    expect(fixture.acs.answers[0]?.media.transcription).toEqual(transcription);
  });

  it('that was given up before ACS had answered is hung up when it has', async () => {
    fixture.acs.duringAnswer = async () => {
      await fixture.store.update(CALL_ID, (call) => step(call, { type: 'CallGone' }, fixture.nowMs));
    };
    await deliver();
    expect(fixture.acs.asked.at(-1)).toEqual({ operation: 'hangUp', about: CONNECTION_ID });
    expect((await fixture.store.get(CALL_ID))?.phase).toBe('ending');
  });

  it('is asked for again when ACS cannot answer now, and then answered', async () => {
    fixture.acs.fail('answer', { status: 503, retryable: true });
    await expect(deliver()).rejects.toMatchObject({ name: 'AnswerPostponedError' });
    await deliver();
    expect(fixture.acs.count('answer')).toBe(2);
    expect((await fixture.store.get(CALL_ID))?.callConnectionId).toBe(CONNECTION_ID);
  });

  it('is given up when ACS refuses it for good', async () => {
    fixture.acs.fail('answer', { status: 400, code: '8523', retryable: false });
    await deliver();
    await deliver();
    expect(fixture.acs.count('answer')).toBe(1);
    expect(await fixture.store.get(CALL_ID)).toMatchObject({ phase: 'ended' });
  });

  it('is asked for again when it cannot be stored, and ACS is not asked before', async () => {
    fixture.store.outage = true;
    await expect(deliver()).rejects.toThrow('storage could not be reached');
    expect(fixture.acs.asked).toEqual([]);
  });

  it('counts as handled when it was answered, though the answer could not be stored', async () => {
    fixture.acs.duringAnswer = async () => {
      await until(
        async () => (await fixture.store.timeline(CALL_ID, 1)).length === 1,
        'the event to be entered',
      );
      fixture.store.outage = true;
    };
    await deliver();
    fixture.store.outage = false;
    expect(fixture.logged.join('\n')).toContain('could not be stored');
    expect(await fixture.store.get(CALL_ID)).toMatchObject({ phase: 'answering' });
  });

  it('is answered while its event is entered, and delivered again where that fails', async () => {
    const append = vi.spyOn(fixture.store, 'appendTimeline');
    append.mockRejectedValue(new CallStoreError('storage could not be reached'));
    await expect(deliver()).rejects.toThrow('storage could not be reached');
    append.mockRestore();
    expect(await fixture.store.timeline(CALL_ID, 100)).toEqual([]);
    await deliver();
    expect(fixture.acs.count('answer')).toBe(1);
    expect(await fixture.store.timeline(CALL_ID, 100)).toMatchObject([
      { type: 'IncomingCall', source: 'event-grid' },
    ]);
  });

  it('leaves no number, context or ticket in logs and tables', async () => {
    await deliver();
    const ticket = fixture.acs.answers[0]?.media.transportUrl.split('ticket=')[1] ?? '';
    const kept = JSON.stringify([
      fixture.logged,
      await fixture.store.get(CALL_ID),
      await fixture.store.timeline(CALL_ID, 100),
    ]);
    for (const secret of ['4255550123', '8005550199', CONTEXT, ticket, 'ticket=']) {
      expect(secret).not.toBe('');
      expect(kept).not.toContain(secret);
    }
    expect(kept).toContain('…0123');
  });
});

describe('other events of Event Grid', () => {
  it('of other types are acknowledged', async () => {
    await deliver(fixture.incomingEvent({ eventType: 'Microsoft.Communication.CallEnded' }));
    expect(fixture.acs.asked).toEqual([]);
  });

  it('that are not understood are acknowledged and logged', async () => {
    await deliver(fixture.incomingEvent({}, { incomingCallContext: '' }));
    await deliver('nonsense');
    expect(fixture.logged).toHaveLength(2);
    expect(fixture.acs.asked).toEqual([]);
  });
});
