import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ANSWER_LEASE_MS, step } from '../../../../functions/control/call/call.ts';
import { CallStoreError } from '../../../../functions/control/call/call-store.ts';
import { incomingCall } from '../../../../functions/control/triggers/incoming-call.ts';
import { AnswerPostponedError } from '../../../../functions/control/use-cases/act-on-incoming-call.ts';
import { callIdOf } from '../../../../functions/control/use-cases/receive-incoming-call.ts';
import { CALL_ID_PATTERN } from '../../../../shared/wire/names.ts';
import { verifyCallToken } from '../../../../shared/wire/signed/call-token.ts';
import { verifyTicket } from '../../../../shared/wire/signed/ticket.ts';
import { CONNECTION_ID, PLAN, T0 } from '../../../support/calls.ts';
import { CALLED, CALLER, CONTEXT, ControlBench, TICKET_KEY } from '../../../support/control-bench.ts';
import { until } from '../../../support/until.ts';

const CALL_ID = callIdOf(CONTEXT);

let bench: ControlBench;

beforeEach(() => {
  bench = new ControlBench();
});

async function deliver(event = bench.incomingEvent()): Promise<void> {
  await incomingCall(bench.load)(event, bench.context());
}

describe('an incoming call', () => {
  it('is answered with the media options of its route', async () => {
    await deliver();
    const [answer] = bench.control.answers;
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
    const url = new URL(bench.control.answers[0]?.media.transportUrl ?? '');
    expect(`${url.origin}${url.pathname}`).toBe(`wss://relay.example/media/${CALL_ID}`);
    const ticket = await verifyTicket(
      url.searchParams.get('ticket') ?? '',
      CALL_ID,
      [TICKET_KEY],
      bench.nowMs,
    );
    expect(ticket).toEqual({
      callId: CALL_ID,
      from: CALLER,
      to: CALLED,
      plan: PLAN,
      issuedAtMs: bench.nowMs,
      expiresAtMs: T0 + bench.deps.maxCallMs,
      direction: 'inbound',
      controlUrl: bench.deps.publicBaseUrl,
      control: { url: bench.deps.publicBaseUrl, token: expect.any(String), peer: CALLER },
    });
    expect(
      await verifyCallToken(ticket.control?.token ?? '', [TICKET_KEY], bench.nowMs),
      'what workers are given opens this call',
    ).toBe(CALL_ID);
    expect(url.href, 'the address holds nothing by which the call can be controlled').not.toContain(
      ticket.control?.token,
    );
  });

  it('is stored before ACS is asked to answer', async () => {
    let stored: string | undefined;
    bench.control.duringAnswer = async () => {
      stored = (await bench.store.get(CALL_ID))?.phase;
    };
    await deliver();
    expect(stored).toBe('answering');
  });

  it('is answered once, though it is delivered five times, two of them at once', async () => {
    await Promise.all([deliver(), deliver()]);
    await deliver();
    bench.nowMs += 2 * ANSWER_LEASE_MS;
    await deliver(bench.incomingEvent({ eventTime: new Date(T0).toISOString() }));
    await deliver(bench.incomingEvent({ eventTime: new Date(T0).toISOString() }));
    expect(bench.control.count('answer')).toBe(1);
    const timeline = await bench.store.timeline(CALL_ID, 100);
    expect(timeline.map(({ type }) => type)).toEqual(['IncomingCall', 'AnswerSucceeded']);
  });

  it('is answered by a redelivery after the lease, when the app stopped while it answered', async () => {
    bench.control.duringAnswer = () => new Promise(() => {});
    void deliver();
    await until(() => bench.control.count('answer') === 1, 'the first delivery to answer');
    bench.control.duringAnswer = async () => {};
    const again = bench.incomingEvent();
    bench.nowMs += ANSWER_LEASE_MS - 1;
    await deliver(again);
    expect(bench.control.count('answer'), 'the first may still be at it').toBe(1);
    bench.nowMs += 1;
    await deliver(again);
    expect(bench.control.count('answer')).toBe(2);
    expect(await bench.store.get(CALL_ID)).toMatchObject({ callConnectionId: CONNECTION_ID, attempts: 2 });
  });

  it('is dropped when it is older than a phone rings', async () => {
    const event = bench.incomingEvent();
    bench.nowMs += 30_001;
    await deliver(event);
    expect(bench.control.asked).toEqual([]);
    expect(await bench.store.get(CALL_ID)).toBeUndefined();
  });

  it('is entered by a late delivery, and not asked for again, where the app stopped before the entry', async () => {
    const event = bench.incomingEvent();
    const append = vi.spyOn(bench.store, 'appendTimeline');
    append.mockRejectedValue(new CallStoreError('storage could not be reached'));
    await expect(deliver(event)).rejects.toThrow('storage could not be reached');
    append.mockRestore();
    bench.nowMs += 30_001;
    await deliver(event);
    expect(bench.control.count('answer'), 'requests to answer').toBe(1);
    expect(await bench.store.timeline(CALL_ID, 100)).toMatchObject([{ type: 'IncomingCall' }]);
  });

  it('is left ringing where no route matches, with nothing but its id in the log', async () => {
    bench = new ControlBench([{ name: 'other', match: { to: '+1900*' }, action: 'answer', plan: PLAN }]);
    await deliver();
    expect(bench.control.asked).toEqual([]);
    expect(await bench.store.get(CALL_ID)).toBeUndefined();
    expect(bench.logged.join('\n')).toContain(CALL_ID);
  });

  it('is rejected where its route says so, once', async () => {
    bench = new ControlBench([{ name: 'blocked', match: { from: '+1425*' }, action: 'reject', plan: PLAN }]);
    await deliver();
    await deliver();
    expect(bench.control.asked).toEqual([{ operation: 'reject', about: CONTEXT, context: 'forbidden' }]);
    expect(await bench.store.get(CALL_ID)).toMatchObject({ phase: 'ended', endReason: 'rejected' });
  });

  it('is rejected with the reason of its route', async () => {
    bench = new ControlBench([
      { name: 'full', match: {}, action: 'reject', rejectReason: 'busy', plan: PLAN },
    ]);
    await deliver();
    expect(bench.control.asked).toEqual([{ operation: 'reject', about: CONTEXT, context: 'busy' }]);
  });

  it('is redirected where its route says so, once, and the number is not kept', async () => {
    bench = new ControlBench([
      { name: 'elsewhere', match: {}, action: 'redirect', redirectTo: '4:+14255550177', plan: PLAN },
    ]);
    await deliver();
    await deliver();
    expect(bench.control.asked).toEqual([
      { operation: 'redirect', about: CONTEXT, context: '4:+14255550177' },
    ]);
    expect(await bench.store.get(CALL_ID)).toMatchObject({ phase: 'ended', endReason: 'redirected' });
    const timeline = await bench.store.timeline(CALL_ID, 10);
    expect(timeline.map(({ type }) => type)).toEqual(['IncomingCall', 'RedirectSucceeded']);
    const kept = JSON.stringify([await bench.store.get(CALL_ID), timeline, bench.logged]);
    expect(kept).not.toContain('4255550177');
  });

  it('has nowhere to go where its route no longer says where to, and ends', async () => {
    bench = new ControlBench([{ name: 'elsewhere', match: {}, action: 'redirect', plan: PLAN }]);
    await deliver();
    expect(bench.control.asked).toEqual([]);
    expect(await bench.store.get(CALL_ID)).toMatchObject({
      phase: 'ended',
      endReason: 'redirect failed: the route no longer says where to redirect the call',
    });
  });

  it('hands ACS the address for transcripts of its route', async () => {
    const transcription = { transportUrl: 'wss://transcripts.example/', locale: 'en-US' };
    bench = new ControlBench([{ name: 'everyone', match: {}, action: 'answer', transcription, plan: PLAN }]);
    await deliver();
    expect(bench.control.answers[0]?.media.transcription).toEqual(transcription);
  });

  it('that was given up before ACS had answered is hung up when it has', async () => {
    bench.control.duringAnswer = async () => {
      await bench.store.update(CALL_ID, (call) => step(call, { type: 'CallGone' }, bench.nowMs));
    };
    await deliver();
    expect(bench.control.asked.at(-1)).toEqual({ operation: 'hangUp', about: CONNECTION_ID });
    expect((await bench.store.get(CALL_ID))?.phase).toBe('ending');
  });

  it('is asked for again when ACS cannot answer now, and then answered', async () => {
    bench.control.fail('answer', { status: 503, retryable: true });
    await expect(deliver()).rejects.toThrow(AnswerPostponedError);
    await deliver();
    expect(bench.control.count('answer')).toBe(2);
    expect((await bench.store.get(CALL_ID))?.callConnectionId).toBe(CONNECTION_ID);
  });

  it('is given up when ACS refuses it for good', async () => {
    bench.control.fail('answer', { status: 400, code: '8523', retryable: false });
    await deliver();
    await deliver();
    expect(bench.control.count('answer')).toBe(1);
    expect(await bench.store.get(CALL_ID)).toMatchObject({ phase: 'ended' });
  });

  it('is asked for again when it cannot be stored, and ACS is not asked before', async () => {
    bench.store.outage = true;
    await expect(deliver()).rejects.toThrow('storage could not be reached');
    expect(bench.control.asked).toEqual([]);
  });

  it('counts as handled when it was answered, though the answer could not be stored', async () => {
    bench.control.duringAnswer = async () => {
      await until(
        async () => (await bench.store.timeline(CALL_ID, 1)).length === 1,
        'the event to be entered',
      );
      bench.store.outage = true;
    };
    await deliver();
    bench.store.outage = false;
    expect(bench.logged.join('\n')).toContain('could not be stored');
    expect(await bench.store.get(CALL_ID)).toMatchObject({ phase: 'answering' });
  });

  it('is answered while its event is entered, and delivered again where that fails', async () => {
    const append = vi.spyOn(bench.store, 'appendTimeline');
    append.mockRejectedValue(new CallStoreError('storage could not be reached'));
    await expect(deliver()).rejects.toThrow('storage could not be reached');
    append.mockRestore();
    expect(await bench.store.timeline(CALL_ID, 100)).toEqual([]);
    await deliver();
    expect(bench.control.count('answer')).toBe(1);
    expect(await bench.store.timeline(CALL_ID, 100)).toMatchObject([
      { type: 'IncomingCall', source: 'event-grid' },
    ]);
  });

  it('leaves no number, context or ticket in logs and tables', async () => {
    await deliver();
    const ticket = bench.control.answers[0]?.media.transportUrl.split('ticket=')[1] ?? '';
    const kept = JSON.stringify([
      bench.logged,
      await bench.store.get(CALL_ID),
      await bench.store.timeline(CALL_ID, 100),
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
    await deliver(bench.incomingEvent({ eventType: 'Microsoft.Communication.CallEnded' }));
    expect(bench.control.asked).toEqual([]);
  });

  it('that are not understood are acknowledged and logged', async () => {
    await deliver(bench.incomingEvent({}, { incomingCallContext: '' }));
    await deliver('nonsense');
    expect(bench.logged).toHaveLength(2);
    expect(bench.control.asked).toEqual([]);
  });
});
