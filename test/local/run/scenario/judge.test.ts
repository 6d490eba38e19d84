import { describe, expect, it } from 'vitest';
import {
  judgeCall,
  judgePublished,
  judgeSteps,
  judgeTranscript,
} from '../../../../local/run/scenario/judge.ts';

function events(...types: string[]) {
  return types.map((type, index) => ({ atMs: index, source: 'telephone network', type }));
}

describe('what a scenario expected', () => {
  it('holds when the events come in order, with others between them', () => {
    const happened = events('IncomingCall', 'CallConnected', 'ParticipantsUpdated', 'CallDisconnected');
    const expected = { outcome: 'hungUpByCaller', events: ['CallConnected', 'CallDisconnected'] } as const;
    const checks = judgeCall(
      'alice',
      { ...expected, events: [...expected.events] },
      'hungUpByCaller',
      happened,
    );
    expect(checks.map(({ held }) => held)).toEqual([true, true]);
  });

  it('does not hold in another order, with a forbidden event, or another number of them', () => {
    const happened = events('CallDisconnected', 'CallConnected', 'CallConnected');
    const checks = judgeCall(
      'alice',
      {
        outcome: 'rejected',
        events: ['CallConnected', 'CallDisconnected'],
        never: ['CallConnected'],
        times: { CallConnected: 1, PlayFailed: 0 },
      },
      'notAnswered',
      happened,
    );
    expect(checks.map(({ what, held, detail }) => [what, held, detail])).toEqual([
      ['outcome rejected', false, 'it was notAnswered'],
      [
        'events CallConnected, CallDisconnected',
        false,
        'no CallDisconnected at its place; there were CallDisconnected, CallConnected, CallConnected',
      ],
      ['no CallConnected', false, 'there were 2'],
      ['1 × CallConnected', false, 'there were 2'],
      ['0 × PlayFailed', true, undefined],
    ]);
  });

  it('includes a transcript, whole and in order', () => {
    const expected = { transcript: ['two', 'a question'] };
    expect(judgeTranscript('alice', expected, ['two', 'a question'])[0]?.held).toBe(true);
    expect(judgeTranscript('alice', expected, ['a question'])).toEqual([
      {
        participant: 'alice',
        what: 'transcript "two", "a question"',
        held: false,
        detail: 'it was "a question"',
      },
    ]);
    expect(judgeTranscript('alice', expected, [])[0]?.detail).toBe('it was empty');
    expect(judgeTranscript('alice', {}, ['two'])).toEqual([]);
  });

  it('includes every text that workers publish, in order', () => {
    const expected = { published: ['key 1', 'key 2'] };
    expect(judgePublished('alice', expected, ['key 1', 'key 2'])[0]?.held).toBe(true);
    expect(judgePublished('alice', expected, ['key 2', 'key 1'])).toMatchObject([
      { what: 'published "key 1", "key 2"', held: false, detail: 'it was "key 2", "key 1"' },
    ]);
    expect(judgePublished('alice', {}, ['key 1'])).toEqual([]);
  });

  it('is not satisfied by what only the control app recorded', () => {
    const recorded = [{ atMs: 0, source: 'control app (acs)', type: 'CallConnected' }];
    expect(judgeCall('alice', { events: ['CallConnected'] }, undefined, recorded)[0]?.held).toBe(false);
  });

  it('includes every step that was to be reached; waiting and hanging up may be forestalled', () => {
    const checks = judgeSteps('alice', [
      { type: 'say', status: 'done', atMs: 100 },
      { type: 'expect', status: 'failed', atMs: 200, detail: 'nothing was heard' },
      { type: 'wait', status: 'notReached' },
      { type: 'press', status: 'notReached' },
      { type: 'hangUp', status: 'notReached' },
    ]);
    expect(checks).toEqual([
      { participant: 'alice', what: 'step 1, say', held: true },
      { participant: 'alice', what: 'step 2, expect', held: false, detail: 'nothing was heard' },
      { participant: 'alice', what: 'step 4, press', held: false, detail: 'the call was over before it' },
    ]);
  });
});
