import { describe, expect, it } from 'vitest';
import { ControlInbox } from '../../../relay/workers/control-inbox.ts';
import {
  CALL_CONTROL_LIFETIME_MS,
  type CallControlMessage,
  signCallControl,
} from '../../../shared/wire/relay/call-control-messages.ts';
import { until } from '../../support/until.ts';
import { RelayClock } from '../relay-clock.ts';

const CALL_ID = '0123456789abcdef';
const KEYS = [
  'the present key, of at least thirty-two bytes',
  'the key before it, of at least thirty-two',
] as const;

function setUp() {
  const clock = new RelayClock();
  const taken: CallControlMessage[] = [];
  const ignored: string[] = [];
  const inbox = new ControlInbox({
    callId: CALL_ID,
    keys: KEYS,
    clock,
    onMessage: (message) => taken.push(message),
    onIgnored: (reason) => ignored.push(reason),
  });
  return {
    clock,
    taken,
    ignored,
    inbox,
    sign: (message: CallControlMessage, id: string, key: string = KEYS[0]) =>
      signCallControl(CALL_ID, message, { key, nowMs: clock.nowMs(), id }),
  };
}

/** How what is no message at all is counted; messages are dealt with in order, so that it marks the one before. */
const MALFORMED = 'control: malformed';

const say = (data: number): CallControlMessage => ({ type: 'message', data });

describe('what comes in the control group of a call', () => {
  it('is acted on once, in order, however many lanes bring it', async () => {
    const { inbox, sign, taken, ignored } = setUp();
    const tokens = await Promise.all([1, 2, 3].map((n) => sign(say(n), `id-${n}`)));
    for (const control of tokens) for (let lane = 0; lane < 3; lane += 1) inbox.receive({ control });
    inbox.receive(undefined);
    await until(() => ignored.length > 0, 'everything to be dealt with, the marker last');
    expect(taken).toEqual([say(1), say(2), say(3)]);
    expect(ignored, 'the marker alone').toEqual([MALFORMED]);
  });

  it('is taken when it is signed with the key before the present one', async () => {
    const { inbox, sign, taken } = setUp();
    inbox.receive({ control: await sign(say(1), 'a', KEYS[1]) });
    await until(() => taken.length > 0, 'the message');
    expect(taken).toEqual([say(1)]);
  });

  it('is ignored when it is not ours, and the next one is taken', async () => {
    const { inbox, sign, taken, ignored } = setUp();
    inbox.receive({ control: await sign(say(1), 'a', 'somebody else and his key of thirty-two bytes') });
    inbox.receive({ actions: [] });
    inbox.receive(undefined);
    inbox.receive({ control: 'no token' });
    inbox.receive({ control: await sign(say(2), 'b') });
    await until(() => taken.length > 0, 'the message');
    expect(taken).toEqual([say(2)]);
    expect(ignored).toEqual([
      'control: bad signature',
      'control: malformed',
      'control: malformed',
      'control: malformed',
    ]);
  });

  it('cannot be repeated later: it is remembered for as long as it is valid', async () => {
    const { clock, inbox, sign, taken, ignored } = setUp();
    const control = await sign(say(1), 'a');
    inbox.receive({ control });
    for (let passed = 0; passed <= CALL_CONTROL_LIFETIME_MS.longest; passed += 5_000) {
      await clock.advance(5_000);
      inbox.receive({ control });
      inbox.receive(undefined);
      const markers = passed / 5_000 + 1;
      await until(() => ignored.filter((each) => each === MALFORMED).length === markers, 'it to be checked');
    }
    expect(taken).toEqual([say(1)]);
    expect(new Set(ignored)).toEqual(new Set(['control: expired', MALFORMED]));
  });

  it('is ignored past a bound of messages that wait', async () => {
    const { inbox, ignored } = setUp();
    for (let i = 0; i < 1_000; i += 1) inbox.receive(undefined);
    expect(ignored.filter((reason) => reason === 'control: too many messages').length).toBe(744);
    await until(() => ignored.length === 1_000, 'every message to be counted');
  });
});
