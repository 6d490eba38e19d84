import type { Logger } from 'pino';
import { expect, it } from 'vitest';
import { ControlGroupListener } from '../../../relay/workers/control-group-listener.ts';
import { scriptedLanes } from '../lane/scripted-lane.ts';
import { RelayClock, settled } from '../relay-clock.ts';

function setUp(random = () => 1) {
  const clock = new RelayClock();
  const lanes = scriptedLanes();
  const heard: unknown[] = [];
  const told: unknown[][] = [];
  const tell = (...line: unknown[]): void => void told.push(line);
  const listener = new ControlGroupListener({
    callId: '0123456789abcdef',
    open: lanes.openControl,
    clock,
    random,
    onControl: (value) => heard.push(value),
    log: { warn: tell, info: tell } as unknown as Logger,
  });
  return { clock, lanes, heard, told, listener };
}

it('is opened again after a wait when it fails or is lost, at a bounded pace and without an end', async () => {
  const { clock, lanes, listener, told } = setUp();
  listener.isNeeded = true;
  lanes.controlConnections[0]?.failToStart();
  await clock.advance(200);
  expect(lanes.controlConnections).toHaveLength(2);
  lanes.controlConnections[1]?.started();
  await settled();
  lanes.controlConnections[1]?.listener.closed();
  await clock.advance(200);
  expect(lanes.controlConnections).toHaveLength(3);
  expect(told, 'what comes back at once').toEqual([]);
  for (let attempt = 0; attempt < 200; attempt += 1) {
    lanes.controlConnections.at(-1)?.failToStart();
    await clock.advance(4_999);
    const before = lanes.controlConnections.length;
    await clock.advance(1);
    if (attempt > 6) expect(lanes.controlConnections, 'one each five seconds').toHaveLength(before + 1);
  }
  expect(lanes.controlConnections).toHaveLength(203);
  expect(listener.failed).toBe(202);
});

it('says in the log that no worker can join, at once and then rarely, and when one can again', async () => {
  const { clock, lanes, listener, told } = setUp();
  listener.isNeeded = true;
  for (let attempt = 0; attempt < 180; attempt += 1) {
    lanes.controlConnections.at(-1)?.failToStart();
    await clock.advance(5_000);
  }
  const line = (failedInARow: number) => [{ failedInARow }, expect.stringContaining('no worker can join')];
  expect(told).toEqual([3, 60, 120, 180].map(line));
  lanes.controlConnections.at(-1)?.started();
  await settled();
  expect(told.at(-1)).toEqual([{ failedInARow: 180 }, expect.stringContaining('can be reached again')]);
});

it('is silent from the moment at which it is not needed, and nothing is left to wait for', async () => {
  const { clock, lanes, heard, listener } = setUp();
  listener.isNeeded = true;
  lanes.controlConnections[0]?.started();
  await settled();
  lanes.controlConnections[0]?.listener.control('first');
  listener.isNeeded = false;
  lanes.controlConnections[0]?.listener.control('second');
  lanes.controlConnections[0]?.listener.closed();
  await clock.advance(10_000);
  expect(heard).toEqual(['first']);
  expect(lanes.controlConnections.map(({ isStopped }) => isStopped)).toEqual([true]);
  expect(clock.pending).toBe(0);
});

it.each([
  [0, 100],
  [0.5, 150],
])(
  'waits before it is opened again for a time that follows the random numbers it is given (%d)',
  async (chance, waitMs) => {
    const { clock, lanes, listener } = setUp(() => chance);
    listener.isNeeded = true;
    lanes.controlConnections[0]?.failToStart();
    await clock.advance(waitMs - 1);
    expect(lanes.controlConnections).toHaveLength(1);
    await clock.advance(1);
    expect(lanes.controlConnections).toHaveLength(2);
  },
);
