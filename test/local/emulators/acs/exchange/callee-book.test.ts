import { describe, expect, it } from 'vitest';
import { CalleeBook, type CalleeScript } from '../../../../../local/emulators/acs/exchange/callee-book.ts';
import type { CalleeOutcome, IncomingLeg } from '../../../../../local/emulators/acs/telephones/callees.ts';
import { identifierOf } from '../../../../../local/emulators/acs/telephones/identifiers.ts';
import { PhoneLine } from '../../../../../local/emulators/acs/telephones/phone-line.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';

const NUMBER = '+14255550170';
const RAW_ID = `4:${NUMBER}`;

function book(script: Partial<CalleeScript> = {}) {
  const clock = new ManualClock();
  const callees = new CalleeBook(clock);
  callees.enter({ rawId: RAW_ID, takes: 'answers', afterMs: 1_000, steps: [], maxMs: 60_000, ...script });
  let hangUps = 0;
  const pressed: string[] = [];
  const said: string[] = [];
  const incoming: IncomingLeg = {
    from: undefined,
    displayName: undefined,
    callConnectionId: 'connection',
    serverCallId: 'server call',
    correlationId: 'correlation',
    sipHeaders: {},
    voipHeaders: {},
    line: new PhoneLine(RAW_ID),
    hangUp: () => {
      hangUps += 1;
    },
    press: (key) => {
      pressed.push(key);
      return true;
    },
    say: ({ text }) => {
      said.push(text);
      return true;
    },
  };
  const ring = (number = NUMBER) => {
    const identifier = identifierOf(number);
    if (identifier === undefined) throw new Error('the test calls nobody');
    const ringing = callees.ring(identifier, incoming);
    let outcome: CalleeOutcome | undefined;
    void ringing.outcome.then((found) => {
      outcome = found;
    });
    return { ringing, outcome: () => outcome };
  };
  return { clock, callees, ring, hangUps: () => hangUps, pressed, said };
}

/** Lets settled promises tell. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a callee', () => {
  it('answers after a while with a phone that follows the script', async () => {
    const { clock, callees, ring, hangUps } = book({ steps: [{ type: 'wait', ms: 20 }, { type: 'hangUp' }] });
    const { outcome } = ring();
    clock.advance(999);
    await settle();
    expect(outcome(), 'before it has rung long enough').toBeUndefined();
    clock.advance(1);
    await settle();
    const answered = outcome();
    if (answered?.type !== 'answered') throw new Error('it was to answer');
    expect(answered.phone.rawId).toBe(RAW_ID);
    answered.phone.mediaStarted(16_000);
    answered.phone.speak();
    answered.phone.hear(new Int16Array(320), 0);
    await settle();
    expect(hangUps()).toBe(1);
    expect(
      callees
        .phone(RAW_ID)
        ?.results()
        .map(({ status }) => status),
    ).toEqual(['done', 'done']);
  });

  it('presses keys and says words on the line that it answers, and counts how often it rang', async () => {
    const { clock, callees, ring, pressed, said } = book({
      steps: [
        { type: 'press', keys: '#' },
        { type: 'say', audio: { samples: new Int16Array(320).fill(1), sampleRateHz: 16_000 }, text: 'hello' },
      ],
    });
    expect([callees.rings(RAW_ID), callees.rings('4:+1')]).toEqual([0, undefined]);
    const { outcome } = ring();
    clock.advance(1_000);
    await settle();
    const answered = outcome();
    if (answered?.type !== 'answered') throw new Error('it was to answer');
    answered.phone.mediaStarted(16_000);
    for (let frame = 0; frame < 20; frame++) {
      answered.phone.speak();
      answered.phone.hear(new Int16Array(320), 0);
    }
    expect([pressed, said, callees.rings(RAW_ID)]).toEqual([['#'], ['hello'], 1]);
    expect(callees.phone(RAW_ID)?.over).toBe(false);
    answered.phone.ended('hungUp');
    expect(callees.phone(RAW_ID)?.over).toBe(true);
  });

  it.each([
    ['busy', 'busy'],
    ['declines', 'declined'],
    ['unavailable', 'unavailable'],
  ] as const)('that %s has the outcome %s', async (takes, type) => {
    const { clock, ring } = book({ takes });
    const { outcome } = ring();
    clock.advance(1_000);
    await settle();
    expect(outcome()).toEqual({ type });
  });

  it('that does not answer rings until the caller gives up', async () => {
    const { clock, ring } = book({ takes: 'noAnswer' });
    const { outcome, ringing } = ring();
    clock.advance(10 * 60_000);
    await settle();
    expect(outcome()).toBeUndefined();
    ringing.cancel();
    await settle();
    expect(outcome()).toEqual({ type: 'noAnswer' });
  });

  it('does not answer any more once the caller has given up, and leaves no timer', async () => {
    const { clock, ring } = book();
    const { outcome, ringing } = ring();
    ringing.cancel();
    ringing.cancel();
    expect(clock.pending()).toEqual([]);
    await settle();
    expect(outcome()).toEqual({ type: 'noAnswer' });
  });

  it('that is not in the book is unavailable', async () => {
    const { outcome } = book().ring('+14255550171');
    await settle();
    expect(outcome()).toEqual({ type: 'unavailable' });
  });
});
