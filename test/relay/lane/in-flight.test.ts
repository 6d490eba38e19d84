import { expect, it } from 'vitest';
import { InFlight } from '../../../relay/lane/in-flight.ts';
import type { OutboxMessage } from '../../../relay/lane/lane-outbox.ts';
import { RelayClock } from '../relay-clock.ts';

const LONG_EVENT_TIMEOUT_MS = 28_000;
const EVENT_TIMEOUT_MS = 15_000;

const message = (tone: string): OutboxMessage => ({ kind: 'event', event: { type: 'dtmf', tone } });

function setUp() {
  const clock = new RelayClock();
  const timedOut: unknown[] = [];
  const inFlight: InFlight = new InFlight(clock, () => timedOut.push(inFlight.settle()?.message));
  return { clock, inFlight, timedOut };
}

it('is settled once, with how long it took and whether the worker refused it', async () => {
  const { clock, inFlight } = setUp();
  inFlight.begin(message('1'));
  inFlight.refuse();
  await clock.advance(40);
  expect(inFlight.settle()).toEqual({ message: message('1'), tookMs: 40, isRefused: true });
  expect(inFlight.settle()).toBeUndefined();
  inFlight.refuse();
  inFlight.begin(message('2'));
  expect(inFlight.settle(), 'the next one was not refused').toMatchObject({ isRefused: false });
});

it('has more time once the worker says that it is still at it, and the next one has not', async () => {
  const { clock, inFlight, timedOut } = setUp();
  inFlight.begin(message('1'));
  inFlight.extend();
  await clock.advance(LONG_EVENT_TIMEOUT_MS - 1);
  expect(timedOut).toEqual([]);
  inFlight.settle();
  inFlight.begin(message('2'));
  await clock.advance(EVENT_TIMEOUT_MS - 1);
  expect(timedOut).toEqual([]);
  await clock.advance(1);
  expect(timedOut).toHaveLength(1);
});

it('does not fail while the relay was held up, and its answer may wait in the socket', async () => {
  const { clock, inFlight, timedOut } = setUp();
  inFlight.begin(message('1'));
  await clock.beHeldUp(EVENT_TIMEOUT_MS + 5_000);
  expect(timedOut).toEqual([]);
  expect(inFlight.settle()).toMatchObject({ message: message('1') });
});

it('fails when its own time is over, whatever was in flight before it', async () => {
  const { clock, inFlight, timedOut } = setUp();
  inFlight.begin(message('1'));
  await clock.advance(EVENT_TIMEOUT_MS - 1);
  inFlight.settle();
  inFlight.begin(message('2'));
  await clock.advance(EVENT_TIMEOUT_MS - 1);
  expect(timedOut).toEqual([]);
  await clock.advance(1);
  expect(timedOut).toEqual([message('2')]);
});

it('has one timer however many messages there are, and none once it is closed', async () => {
  const { clock, inFlight } = setUp();
  for (let at = 0; at < 100; at += 1) {
    inFlight.begin(message('1'));
    await clock.advance(10);
    inFlight.settle();
  }
  expect(clock.pending).toBe(1);
  inFlight.close();
  expect(clock.pending).toBe(0);
});

it('leaves no timer behind when nothing is in flight at its end', async () => {
  const { clock, inFlight, timedOut } = setUp();
  inFlight.begin(message('1'));
  inFlight.settle();
  await clock.advance(EVENT_TIMEOUT_MS);
  expect({ pending: clock.pending, timedOut }).toEqual({ pending: 0, timedOut: [] });
});
