import { describe, expect, it } from 'vitest';
import {
  canSend,
  isOver,
  type LaneEffect,
  type LaneInput,
  type LaneLife,
  NEW_LANE,
  RELEASE_LIMIT_MS,
  stepLane,
} from '../../../relay/lane/lane-machine.ts';

const START_EVENT_WAIT_MS = 1_000;
const START_EVENT_ATTEMPTS = 3;
const END_LIMIT_MS = 3_000;

const OPENED: LaneInput = { type: 'opened' };
const END: LaneInput = { type: 'end' };
const RELEASE: LaneInput = { type: 'release', isPossible: true };
const TIME_UP: LaneInput = { type: 'timeUp' };
const WAITED: LaneInput = { type: 'waited' };
const EMPTIED: LaneInput = { type: 'emptied' };
const START_FAILED: LaneInput = { type: 'startFailed' };
const lost = (reopenAfterMs?: number): LaneInput => ({ type: 'lost', reopenAfterMs });

/** The life after these inputs, and the effects of the last one. */
function lived(...inputs: readonly LaneInput[]): { life: LaneLife; effects: readonly LaneEffect[] } {
  let step = { life: NEW_LANE, effects: [] as readonly LaneEffect[] };
  for (const input of inputs) step = stepLane(step.life, input);
  return step;
}

describe('the life of a lane', () => {
  it.each<[string, LaneInput[], LaneLife['state'], LaneEffect[]]>([
    ['is open once its connection is', [OPENED], 'open', []],
    ['waits after a loss', [OPENED, lost(70)], 'waiting', [{ type: 'wait', ms: 70 }]],
    ['opens again after the wait', [lost(70), WAITED], 'opening', [{ type: 'open' }]],
    ['has failed after the last attempt', [lost()], 'failed', [{ type: 'finish' }]],
    [
      'drains at the end',
      [OPENED, END],
      'draining',
      [{ type: 'sendEnd' }, { type: 'limit', ms: END_LIMIT_MS }],
    ],
    ['drains once it opens, when the end came first', [END, OPENED], 'draining', []],
    ['is closed when everything is sent', [OPENED, END, EMPTIED], 'closed', [{ type: 'finish' }]],
    ['is closed when its time is up', [OPENED, END, TIME_UP], 'closed', [{ type: 'finish' }]],
    ['is closed when its time is up before it opens', [END, TIME_UP], 'closed', [{ type: 'finish' }]],
    ['is closed by a loss while it drains', [OPENED, END, lost(70)], 'closed', [{ type: 'finish' }]],
    [
      'is released to the next stream',
      [OPENED, RELEASE],
      'released',
      [
        { type: 'sendRest' },
        { type: 'releaseConnection' },
        { type: 'cancelWait' },
        { type: 'limit', ms: RELEASE_LIMIT_MS },
      ],
    ],
    [
      'is closed when the next stream takes it over',
      [OPENED, RELEASE, lost(70)],
      'closed',
      [{ type: 'finish' }],
    ],
    [
      'drains when no stream takes it over',
      [OPENED, RELEASE, TIME_UP],
      'draining',
      [{ type: 'sendEnd' }, { type: 'limit', ms: END_LIMIT_MS }],
    ],
    [
      'drains when it cannot be released',
      [OPENED, { type: 'release', isPossible: false }],
      'draining',
      [{ type: 'sendEnd' }, { type: 'limit', ms: END_LIMIT_MS }],
    ],
    [
      'is not released before it is open',
      [RELEASE],
      'opening',
      [{ type: 'sendEnd' }, { type: 'limit', ms: END_LIMIT_MS }],
    ],
  ])('%s', (_, inputs, state, effects) => {
    expect(lived(...inputs)).toMatchObject({ life: { state }, effects });
  });

  it('ends once: a second end or release changes nothing', () => {
    const { life } = lived(OPENED, END);
    for (const input of [END, RELEASE]) expect(stepLane(life, input)).toEqual({ life, effects: [] });
  });

  it('changes no more once it is over', () => {
    for (const { life } of [lived(lost()), lived(OPENED, END, EMPTIED)]) {
      expect(isOver(life)).toBe(true);
      for (const input of [OPENED, END, RELEASE, TIME_UP, WAITED, EMPTIED, START_FAILED, lost(1)])
        expect(stepLane(life, input)).toEqual({ life, effects: [] });
    }
  });
});

describe('a call.started that does not reach the worker', () => {
  const failures = (count: number): LaneInput[] =>
    Array.from({ length: count }, () => [START_FAILED, WAITED]).flat();

  it('holds everything up until the next attempt', () => {
    const { life, effects } = lived(OPENED, START_FAILED);
    expect(effects).toEqual([{ type: 'sendStart' }, { type: 'wait', ms: START_EVENT_WAIT_MS }]);
    expect(canSend(life)).toBe(false);
    expect(canSend(stepLane(life, WAITED).life)).toBe(true);
  });

  it('is not tried again after the last attempt', () => {
    const { life, effects } = lived(OPENED, ...failures(START_EVENT_ATTEMPTS - 1), START_FAILED);
    expect(effects).toEqual([{ type: 'startGivenUp' }]);
    expect(canSend(life)).toBe(true);
  });

  it.each<[string, LaneInput[]]>([
    ['on a new connection', [lost(1), WAITED, OPENED]],
    ['when no worker has the call any more', [{ type: 'startAgain' }]],
  ])('has all its attempts again %s', (_, between) => {
    const { effects } = lived(OPENED, ...failures(START_EVENT_ATTEMPTS - 1), ...between, START_FAILED);
    expect(effects).toContainEqual({ type: 'sendStart' });
  });
});
