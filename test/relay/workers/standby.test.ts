import { expect, it } from 'vitest';
import { Standby } from '../../../relay/workers/standby.ts';
import { scriptedLanes } from '../lane/scripted-lane.ts';
import { RelayClock, settled } from '../relay-clock.ts';

function setUp() {
  const clock = new RelayClock();
  const lanes = scriptedLanes();
  const heard: unknown[] = [];
  const standby = new Standby({
    callId: '0123456789abcdef',
    open: lanes.openControl,
    clock,
    onControl: (value) => heard.push(value),
  });
  return { clock, lanes, heard, standby };
}

it('is opened again after a wait when it fails or is lost, and given up after a number of attempts', async () => {
  const { clock, lanes, standby } = setUp();
  standby.isNeeded = true;
  lanes.standbys[0]?.failToStart();
  await clock.advance(200);
  expect(lanes.standbys).toHaveLength(2);
  lanes.standbys[1]?.started();
  await settled();
  lanes.standbys[1]?.listener.closed();
  await clock.advance(200);
  expect(lanes.standbys).toHaveLength(3);
  for (let attempt = 0; attempt < 20; attempt += 1) {
    lanes.standbys.at(-1)?.failToStart();
    await clock.advance(5_000);
  }
  expect(lanes.standbys, 'ten attempts in a row').toHaveLength(11);
});

it('is silent from the moment at which it is not needed, and nothing is left to wait for', async () => {
  const { clock, lanes, heard, standby } = setUp();
  standby.isNeeded = true;
  lanes.standbys[0]?.started();
  await settled();
  lanes.standbys[0]?.listener.control('first');
  standby.isNeeded = false;
  lanes.standbys[0]?.listener.control('second');
  lanes.standbys[0]?.listener.closed();
  await clock.advance(10_000);
  expect(heard).toEqual(['first']);
  expect(lanes.standbys.map(({ isStopped }) => isStopped)).toEqual([true]);
  expect(clock.pending).toBe(0);
});
