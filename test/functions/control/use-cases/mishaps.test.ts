import { describe, expect, it } from 'vitest';
import type { CallRoute } from '../../../../shared/call/route.ts';
import { PLAN, T0 } from '../../../support/calls.ts';
import { ControlCrashFixture } from '../../../support/control-crash-fixture.ts';
import { Fate, MISHAPS, type Mishap } from '../../../support/mortal.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

interface Story {
  readonly name: string;
  readonly route?: Partial<CallRoute>;
  /** What people do, and when. */
  tell(fixture: ControlCrashFixture): void;
  /** What has to be so after ten minutes, beside that storage and ACS agree. */
  readonly after10Minutes?: 'a call with sound' | 'a call' | 'no call';
  /**
   * Where the request that went wrong is one that somebody was waiting for, he knows, and what he wanted need not be.
   */
  readonly unlessAsked?: true;
}

/** Something that people do at a time of the story. */
function at(fixture: ControlCrashFixture, ms: number, act: () => void): void {
  fixture.at(T0 + ms, act);
}

const QUIET: Partial<CallRoute> = { plan: { ...PLAN, startStreaming: false } };
const SENTENCE = { kind: 'text', text: 'please hold' } as const;

const stories: readonly Story[] = [
  {
    name: 'answering',
    tell: (fixture) => fixture.ring(),
    after10Minutes: 'a call with sound',
  },
  {
    name: 'answering a caller who hangs up',
    tell: (fixture) => {
      fixture.ring();
      at(fixture, 50 * SECOND_MS, () => fixture.acs.personHangsUp());
    },
    after10Minutes: 'no call',
  },
  {
    name: 'rejecting',
    route: { action: 'reject' },
    tell: (fixture) => fixture.ring(),
    after10Minutes: 'no call',
  },
  {
    name: 'redirecting',
    route: { action: 'redirect', redirectTo: '4:+14255550177' },
    tell: (fixture) => fixture.ring(),
    after10Minutes: 'no call',
  },
  {
    name: 'starting streaming',
    route: QUIET,
    tell: (fixture) => {
      fixture.ring();
      at(fixture, 20 * SECOND_MS, () => fixture.request({ type: 'StartRequested' }));
    },
    after10Minutes: 'a call',
  },
  {
    name: 'stopping streaming',
    tell: (fixture) => {
      fixture.ring();
      at(fixture, 20 * SECOND_MS, () => fixture.request({ type: 'StopRequested' }));
    },
    after10Minutes: 'a call',
  },
  {
    name: 'restarting streaming',
    tell: (fixture) => {
      fixture.ring();
      at(fixture, 20 * SECOND_MS, () => fixture.request({ type: 'RestartRequested' }));
    },
    after10Minutes: 'a call with sound',
  },
  {
    name: 'hanging up',
    tell: (fixture) => {
      fixture.ring();
      at(fixture, 20 * SECOND_MS, () => fixture.request({ type: 'HangUpRequested' }));
    },
    after10Minutes: 'no call',
    unlessAsked: true,
  },
  {
    name: 'placing a call that is answered',
    tell: (fixture) => fixture.place(),
    after10Minutes: 'a call with sound',
    unlessAsked: true,
  },
  {
    name: 'placing a call to somebody who is busy',
    tell: (fixture) => {
      fixture.acs.callee = { afterMs: 5_000, outcome: 'busy' };
      fixture.place();
    },
    after10Minutes: 'no call',
  },
  {
    name: 'placing a call that nobody answers',
    tell: (fixture) => {
      fixture.acs.callee = { afterMs: 115_000, outcome: 'noAnswer' };
      fixture.place();
    },
    after10Minutes: 'no call',
  },
  {
    name: 'hanging up a call before it is answered',
    tell: (fixture) => {
      fixture.acs.callee = { afterMs: 40_000, outcome: 'answers' };
      fixture.place();
      at(fixture, 20 * SECOND_MS, () => fixture.request({ type: 'HangUpRequested' }));
    },
    after10Minutes: 'no call',
    unlessAsked: true,
  },
  {
    name: 'a stream that breaks',
    tell: (fixture) => {
      fixture.ring();
      at(fixture, 20 * SECOND_MS, () => fixture.acs.breakStreams());
    },
    after10Minutes: 'a call with sound',
  },
  {
    name: 'streams that fail three times',
    tell: (fixture) => {
      fixture.acs.failingStreams = 3;
      fixture.ring();
    },
    after10Minutes: 'a call',
  },
  {
    name: 'streaming that fails for good on a route that then hangs up',
    route: { onStreamingFailed: 'hang-up' },
    tell: (fixture) => {
      fixture.acs.failingStreams = 100;
      fixture.ring();
    },
    after10Minutes: 'no call',
  },
  {
    name: 'streaming that fails for good on a route that then says so and hangs up',
    route: { onStreamingFailed: { play: SENTENCE } },
    tell: (fixture) => {
      fixture.acs.failingStreams = 100;
      fixture.ring();
    },
    after10Minutes: 'no call',
  },
];

async function run(story: Story, fate: Fate): Promise<ControlCrashFixture> {
  const fixture = new ControlCrashFixture(fate, story.route);
  story.tell(fixture);
  await fixture.runUntil(T0 + 10 * MINUTE_MS);
  return fixture;
}

/** What is wrong in the fixture after ten minutes, in words. */
async function wrongOf(story: Story, fixture: ControlCrashFixture): Promise<string[]> {
  const wrong: string[] = [];
  const call = await fixture.found();
  const [connection, ...others] = fixture.acs.live;
  if (fixture.acs.answersAccepted > 1) wrong.push('it was answered twice');
  if (others.length > 0) wrong.push('ACS has several calls');
  const isConnected = call?.phase === 'connected';
  if (isConnected !== (connection?.state === 'connected'))
    wrong.push(`the row is ${call?.phase ?? 'missing'}, ACS has a call that is ${connection?.state}`);
  if (isConnected && (call.streaming.state === 'active') !== (connection?.streaming === 'active'))
    wrong.push(`streaming is ${call.streaming.state} in the row, ${connection?.streaming} at ACS`);
  if (!isConnected && call !== undefined && call.phase !== 'ended') wrong.push(`the row is ${call.phase}`);
  for (const { state } of fixture.acs.rings.values()) if (state === 'ringing') wrong.push('it still rings');
  const timeline = call === undefined ? [] : await fixture.store.timeline(call.callId, 1_000);
  for (const id of fixture.told) {
    const entries = timeline.filter((entry) => entry.id === id).length;
    if (entries !== 1) wrong.push(`the timeline has ${entries} entries of an event`);
  }
  if (story.unlessAsked === true && fixture.fate.hit !== undefined) return wrong;
  switch (story.after10Minutes) {
    case 'a call with sound':
      if (!isConnected || call.streaming.state !== 'active') wrong.push('there is no call with sound');
      break;
    case 'a call':
      if (!isConnected) wrong.push('there is no call');
      break;
    case 'no call':
      if (connection !== undefined) wrong.push('there is a call');
      break;
    case undefined:
      break;
  }
  return wrong;
}

/** Calls last fifteen minutes at the most: then nothing may be left. */
async function leftOf(fixture: ControlCrashFixture): Promise<string[]> {
  await fixture.runUntil(T0 + 30 * MINUTE_MS);
  const call = await fixture.found();
  const left = fixture.acs.live.map(({ state }) => `ACS has a call that is ${state} after the longest time`);
  if (call !== undefined && call.phase !== 'ended')
    left.push(`the row is ${call.phase} after the longest time`);
  return left;
}

describe.each(stories)('$name', (story) => {
  it('comes to its end without a mishap', async () => {
    const fixture = await run(story, new Fate(0, 'dies before'));
    expect(await wrongOf(story, fixture)).toEqual([]);
    expect(await leftOf(fixture)).toEqual([]);
  });

  it.each(MISHAPS)('comes to the right state when a request %s, whichever it is', async (mishap: Mishap) => {
    const plain = await run(story, new Fate(0, mishap));
    expect(plain.fate.count, 'there are requests that can go wrong').toBeGreaterThan(3);
    const wrong: string[] = [];
    for (let number = 1; number <= plain.fate.count; number += 1) {
      const fixture = await run(story, new Fate(number, mishap));
      const found = [...(await wrongOf(story, fixture)), ...(await leftOf(fixture))];
      if (fixture.fate.hit === undefined) found.push('it did not happen');
      wrong.push(...found.map((what) => `request ${number} (${fixture.fate.hit}) ${mishap}: ${what}`));
    }
    expect(wrong).toEqual([]);
  });
});
