import { describe, expect, it } from 'vitest';
import { step } from '../../../../functions/control/call/call.ts';
import type { CallEvent } from '../../../../functions/control/call/event.ts';
import type { Call } from '../../../../functions/control/call/model.ts';
import {
  CONFIRM_LIMIT_MS,
  NO_STREAMING,
  type Streaming,
} from '../../../../functions/control/call/streaming.ts';
import { COMPARE_AFTER_MS, isDueForComparison } from '../../../../functions/control/call/time.ts';
import { aCall, aCallback, CONNECTION_ID, T0 } from '../../../support/calls.ts';

const MINUTE_MS = 60_000;
const LATER = T0 + CONFIRM_LIMIT_MS;

const found = (streaming?: 'active' | 'inactive', state = 'connected', askedAtMs = LATER): CallEvent => ({
  type: 'Observed',
  properties: { state, ...(streaming === undefined ? {} : { streaming }) },
  askedAtMs,
});

function connected(state: Streaming['state'], fields: Partial<Streaming> = {}): Call {
  return aCall({
    phase: 'connected',
    callConnectionId: CONNECTION_ID,
    streaming: { ...NO_STREAMING, state, sinceMs: T0, ...fields },
  });
}

describe('a call that is compared with what ACS says', () => {
  it.each(['ringing', 'answering', 'placing'] as const)(
    'is adopted from %s when ACS has it connected',
    (phase) => {
      const call = aCall({ phase, callConnectionId: CONNECTION_ID });
      expect(step(call, found('active'), LATER).call.phase).toBe('connected');
      expect(step(call, found(undefined, 'connecting'), LATER).call).toBe(call);
    },
  );

  it('ends when ACS has ended it, or does not know it', () => {
    const call = connected('active');
    expect(step(call, found(undefined, 'disconnected'), LATER).call).toMatchObject({ endReason: 'gone' });
    expect(step(call, { type: 'CallGone' }, LATER).call.phase).toBe('ended');
  });

  it('is left alone where both agree', () => {
    for (const [state, streaming] of [
      ['active', 'active'],
      ['inactive', 'inactive'],
      ['failed', 'inactive'],
    ] as const) {
      const call = connected(state);
      expect(step(call, found(streaming), LATER)).toEqual({ call, commands: [] });
    }
  });

  it('learns the ids that it lacks', () => {
    const call = connected('active');
    const event: CallEvent = {
      type: 'Observed',
      properties: { state: 'connected', streaming: 'active', serverCallId: 's', correlationId: 'c' },
      askedAtMs: LATER,
    };
    expect(step(call, event, LATER).call).toMatchObject({ serverCallId: 's', correlationId: 'c' });
  });

  it.each(['starting', 'inactive', 'failed'] as const)('streams where ACS streams, after %s', (state) => {
    expect(step(connected(state), found('active'), LATER).call.streaming.state).toBe('active');
  });

  it.each(['starting', 'active'] as const)(
    'has lost a stream that was %s and that ACS does not have',
    (state) => {
      const { call, commands } = step(connected(state), found('inactive'), LATER);
      expect(call.streaming).toMatchObject({ state: 'failed', retryAtMs: expect.any(Number) });
      expect(commands.map(({ type }) => type)).toEqual(['scheduleRetry']);
    },
  );

  it('does not start a stream again while it is being hung up', () => {
    const call: Call = { ...connected('active'), hangUpRequestedAtMs: T0 };
    const lost = step(call, found('inactive'), LATER);
    expect(lost.call.streaming.state).toBe('failed');
    expect(lost.commands).toEqual([]);
  });

  it('stops a stream again that was to be stopped and runs on', () => {
    const { call, commands } = step(connected('stopping', { requestId: 'r' }), found('active'), LATER);
    expect(commands).toEqual([{ type: 'stopMediaStreaming', id: 'r' }]);
    expect(call.streaming).toMatchObject({ state: 'stopping', sinceMs: LATER });
    expect(step(connected('stopping'), found('inactive'), LATER).call.streaming.state).toBe('inactive');
  });

  it('starts a stream again that has stopped for a restart', () => {
    const restarting = connected('stopping', { requestId: 'r', restart: true });
    const { call, commands } = step(restarting, found('inactive'), LATER);
    expect(call.streaming.state).toBe('starting');
    expect(commands).toEqual([{ type: 'startMediaStreaming', id: 'again-r' }]);
  });

  it('is left alone where an event may still be on its way', () => {
    const call = connected('starting');
    const early = found('inactive', 'connected', T0 + CONFIRM_LIMIT_MS - 1);
    expect(step(call, early, LATER)).toEqual({ call, commands: [] });
  });
});

describe('a call that ended by an event, about which ACS is asked', () => {
  const ended = (fields: Partial<Call> = {}): Call =>
    step(
      { ...connected('active'), ...fields },
      aCallback('CallDisconnected', { reason: '200/0 hung up' }),
      T0 + 1,
    ).call;

  it.each(['connected', 'transferring', 'transferAccepted'])('goes on when ACS has it %s', (state) => {
    const call = ended();
    expect(call).toMatchObject({ phase: 'ended', endUnconfirmed: true });
    const { call: live, commands } = step(call, found('active', state, LATER + 1), LATER + 1);
    expect(live).toMatchObject({ phase: 'connected', streaming: { state: 'active' } });
    for (const name of ['endedAtMs', 'endReason', 'endUnconfirmed']) expect(live).not.toHaveProperty(name);
    expect(commands).toEqual([]);
  });

  it.each([
    ['its time is over', { expiresAtMs: LATER }],
    ['it was to end', { hangUpRequestedAtMs: T0 }],
  ])('is hung up when ACS has it connected although %s', (_why, fields) => {
    const { call, commands } = step(ended(fields), found('active'), LATER);
    expect(call).toMatchObject({ phase: 'connected', hangUpRequestedAtMs: LATER });
    expect(commands).toEqual([{ type: 'hangUp', forEveryone: true }]);
  });

  it.each([
    found(undefined, 'disconnected'),
    found(undefined, 'disconnecting'),
    found(undefined, 'unknown'),
    { type: 'CallGone' },
  ] as const)('stays ended, and is not asked about again, after %o', (event) => {
    const call = ended();
    const { call: confirmed, commands } = step(call, event, LATER);
    const { endUnconfirmed: _, ...rest } = call;
    expect(confirmed).toEqual(rest);
    expect(commands).toEqual([]);
    expect(step(confirmed, found('active'), LATER).call, 'one look').toBe(confirmed);
  });

  it('is asked about again while ACS still connects it', () => {
    const call = ended();
    expect(step(call, found(undefined, 'connecting'), LATER).call).toBe(call);
  });

  it('is none of those that ended because ACS did not know them, or before they had a connection', () => {
    const gone = step(connected('active'), { type: 'CallGone' }, LATER).call;
    expect(gone).not.toHaveProperty('endUnconfirmed');
    const unknown = aCallback('AnswerFailed', { callConnectionId: undefined as never });
    expect(step(aCall(), unknown, LATER).call).toMatchObject({ phase: 'ended' });
    expect(step(aCall(), unknown, LATER).call).not.toHaveProperty('endUnconfirmed');
  });
});

describe('the turn of a call to be compared', () => {
  const minutes = [0, 1, 2, 3, 4].map((minute) => T0 + 10 * MINUTE_MS + minute * MINUTE_MS);
  const turns = (call: Call): number => minutes.filter((nowMs) => isDueForComparison(call, nowMs)).length;

  it('comes once in five minutes where it looks well', () => {
    expect(turns(connected('active'))).toBe(1);
  });

  it('comes every minute where an event is missing', () => {
    expect(turns(connected('starting'))).toBe(5);
    expect(turns(connected('stopping'))).toBe(5);
    expect(turns({ ...connected('active'), hangUpRequestedAtMs: T0 })).toBe(5);
    expect(turns(aCall({ phase: 'placing', callConnectionId: CONNECTION_ID }))).toBe(5);
  });

  it('does not come without a connection to ask about, nor at once', () => {
    expect(turns(aCall({ phase: 'answering' }))).toBe(0);
    const young = aCall({ phase: 'answering', callConnectionId: CONNECTION_ID });
    expect(isDueForComparison(young, T0 + COMPARE_AFTER_MS - 1)).toBe(false);
    expect(isDueForComparison(young, T0 + COMPARE_AFTER_MS)).toBe(true);
  });
});
