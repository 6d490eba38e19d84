import { describe, expect, it } from 'vitest';
import { step } from '../../../../functions/control/call/call.ts';
import type { CallEvent } from '../../../../functions/control/call/event.ts';
import type { Call } from '../../../../functions/control/call/model.ts';
import { SETUP_LIMIT_MS } from '../../../../functions/control/call/time.ts';
import { aCall, aCallback, CONNECTION_ID, callAfter, T0 } from '../../../support/calls.ts';

const HANG_UP_LIMIT_MS = 60_000;

const placedBy: CallEvent = { type: 'PlaceSucceeded', callConnectionId: CONNECTION_ID };
const failedToPlace: CallEvent = { type: 'PlaceFailed', reason: 'no answer' };
const hangUp: CallEvent = { type: 'HangUpRequested', id: 'h' };
const END = [{ type: 'hangUp', forEveryone: true }];

function placing(fields: Partial<Call> = {}): Call {
  return aCall({ direction: 'outbound', phase: 'placing', ...fields });
}

describe('a call that is placed', () => {
  it('is connected when it is answered, in whatever order that is told', () => {
    for (const events of [
      [placedBy, aCallback('CallConnected')],
      [aCallback('CallConnected'), placedBy],
    ])
      expect(callAfter(placing(), ...events).call).toMatchObject({
        phase: 'connected',
        callConnectionId: CONNECTION_ID,
      });
  });

  it.each(['busy', 'declined', 'no-answer', 'not-reachable'] as const)(
    'ends as %s, in whatever order that is told',
    (failure) => {
      const failed = aCallback('CreateCallFailed', { failure, reason: '486/8539' });
      const over = aCallback('CallDisconnected', { reason: '486/8539' });
      for (const events of [
        [failed, over],
        [over, failed],
        [placedBy, failed],
      ])
        expect(callAfter(placing(), ...events).call).toMatchObject({ phase: 'ended', failure });
    },
  );

  it('has failed for no better reason where the events give none, and has one where they give it later', () => {
    const vague = callAfter(placing(), aCallback('CreateCallFailed')).call;
    expect(vague.failure).toBe('failed');
    expect(callAfter(vague, aCallback('CallDisconnected', { failure: 'busy' })).call.failure).toBe('busy');
  });

  it('has no failure once it was connected', () => {
    const { call } = callAfter(
      placing(),
      aCallback('CallConnected'),
      aCallback('CallDisconnected', { failure: 'busy' }),
    );
    expect(call.failure).toBeUndefined();
  });

  it('does not end by CreateCallFailed once it is connected', () => {
    const { call } = callAfter(placing(), aCallback('CallConnected'), aCallback('CreateCallFailed'));
    expect(call.phase).toBe('connected');
  });

  it('can be hung up while it rings', () => {
    const { call, commands } = callAfter(placing(), placedBy, hangUp);
    expect(call.phase).toBe('ending');
    expect(commands).toEqual(END);
    expect(step(call, aCallback('CallDisconnected'), T0).call.phase).toBe('ended');
  });

  it('that was hung up before ACS had answered is hung up at ACS when it does', () => {
    const early = callAfter(placing(), hangUp);
    expect(early.commands).toEqual([]);
    const { call, commands } = step(early.call, placedBy, T0 + 50);
    expect(commands).toEqual(END);
    expect(call.phase).toBe('ending');
  });

  it('that was hung up and is answered all the same is hung up again', () => {
    const { call, commands } = callAfter(placing(), placedBy, hangUp, aCallback('CallConnected'));
    expect(call.phase).toBe('ending');
    expect(commands).toEqual(END);
  });

  it('is hung up by the minute until ACS has ended it', () => {
    const { call } = callAfter(placing(), placedBy, hangUp);
    const askedAtMs = call.hangUpRequestedAtMs ?? 0;
    expect(step(call, { type: 'Tick' }, askedAtMs + HANG_UP_LIMIT_MS - 1).commands).toEqual([]);
    expect(step(call, { type: 'Tick' }, askedAtMs + HANG_UP_LIMIT_MS).commands).toEqual(END);
    expect(step(call, { type: 'CallGone' }, askedAtMs).call.phase).toBe('ended');
  });

  it('that ACS did not take on ends, and is hung up if it turns out that ACS did', () => {
    const failed = callAfter(placing(), failedToPlace);
    expect(failed.call).toMatchObject({ phase: 'ended', failure: 'failed' });
    expect(failed.commands).toEqual([]);
    const late = step(failed.call, aCallback('CallConnected'), T0 + 5_000);
    expect(late.call).toMatchObject({ phase: 'ending', callConnectionId: CONNECTION_ID });
    expect(late.commands).toEqual(END);
    expect(step(late.call, aCallback('CallDisconnected'), T0 + 6_000).call.phase).toBe('ended');
  });

  it('whose placing seems to have failed after it was connected is hung up, since nobody wants it', () => {
    const { call, commands } = callAfter(placing(), aCallback('CallConnected'), failedToPlace);
    expect(commands).toEqual(END);
    expect(call.hangUpRequestedAtMs).toBeDefined();
  });

  it('that nobody has answered in time ends as such', () => {
    const silent = step(placing(), { type: 'Tick' }, T0 + SETUP_LIMIT_MS);
    expect(silent.call).toMatchObject({ phase: 'ended', failure: 'no-answer' });
    const known = step(callAfter(placing(), placedBy).call, { type: 'Tick' }, T0 + SETUP_LIMIT_MS);
    expect(known.call).toMatchObject({ phase: 'ending', failure: 'no-answer' });
    expect(known.commands).toEqual(END);
  });
});

describe('hanging up', () => {
  const connected = aCall({ phase: 'connected', callConnectionId: CONNECTION_ID });

  it('may leave the others to each other, also when it is asked again', () => {
    const leave: CallEvent = { ...hangUp, type: 'HangUpRequested', forEveryone: false };
    const left = step(connected, leave, T0);
    expect(left.commands).toEqual([{ type: 'hangUp', forEveryone: false }]);
    expect(step(left.call, { type: 'Tick' }, T0 + HANG_UP_LIMIT_MS).commands).toEqual([
      { type: 'hangUp', forEveryone: false },
    ]);
    expect(step(left.call, hangUp, T0 + 1).commands, 'unless everybody is meant by now').toEqual(END);
  });

  it('that failed is over where somebody is told so, and is asked for again where nobody is', () => {
    const asked = step(connected, hangUp, T0).call;
    const failed = { type: 'HangUpFailed', id: 'h', reason: '503' } as const;
    expect(step(asked, { ...failed, isAwaited: true }, T0).call).not.toHaveProperty('hangUpRequestedAtMs');
    expect(step(asked, { ...failed, isAwaited: false }, T0).call).toBe(asked);
  });
});
