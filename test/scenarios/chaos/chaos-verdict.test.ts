import { describe, expect, it } from 'vitest';
import { callView } from '../../../functions/control/api/call-view.ts';
import { aCall, CONNECTION_ID } from '../../support/calls.ts';
import { drawChaos } from './chaos-plan.ts';
import { type Evidence, judge, type ProductCall } from './chaos-verdict.ts';

const call: ProductCall = {
  ...callView(aCall({ phase: 'ended', callConnectionId: CONNECTION_ID })),
  operations: [{ id: 'op-1', type: 'play', state: 'succeeded', requestedAtMs: 1 }],
  timeline: [
    { id: 'grid', atMs: 1, source: 'event-grid', type: 'IncomingCall', details: {} },
    { id: 'answered', atMs: 2, source: 'control', type: 'AnswerSucceeded', details: {} },
    { id: 'asked', atMs: 3, source: 'api', type: 'OperationRequested', details: { operationId: 'op-1' } },
    { id: 'over', atMs: 4, source: 'acs', type: 'CallDisconnected', details: {} },
  ],
  timelineTruncated: false,
};

const good: Evidence = {
  acsCalls: [{ id: 'a', state: 'disconnected', callConnectionId: CONNECTION_ID, outcome: 'hungUpByCaller' }],
  acsEvents: [
    { id: 'grid', type: 'IncomingCall', acknowledged: true },
    { id: 'over', type: 'CallDisconnected', callConnectionId: CONNECTION_ID, acknowledged: true },
    { id: 'lost', type: 'ParticipantsUpdated', callConnectionId: CONNECTION_ID, acknowledged: false },
  ],
  answers: [{ id: 'a', answers: { accepted: 1, refused: 0, replayed: 2 } }],
  rings: new Map([['+14255550123', { rang: 1, called: 1 }]]),
  productCalls: [call],
  acceptedOperations: new Map([['op-1', call.callId]]),
};

const live = { id: 'a', state: 'connected', callConnectionId: CONNECTION_ID, media: 'active' } as const;

function product(fields: Partial<ProductCall>): Evidence {
  return { ...good, productCalls: [{ ...call, ...fields }] };
}

describe('the verdict on a run', () => {
  it('is empty where both sides agree and every event is told once', () => {
    expect(judge(good)).toEqual([]);
    const streaming = { state: 'active', sinceMs: 1, retries: 0 } as const;
    expect(judge({ ...product({ state: 'connected', streaming }), acsCalls: [live] })).toEqual([]);
  });

  it.each<[string, Evidence, RegExp]>([
    ['a call that goes on at ACS alone', { ...good, acsCalls: [live] }, /is ended, and connected at ACS/],
    ['a call that nobody here knows', { ...good, acsCalls: [live], productCalls: [] }, /does not know it/],
    ['a call that still rings', { ...good, acsCalls: [{ id: 'r', state: 'ringing' }] }, /still rings/],
    ['a call that goes on here alone', product({ state: 'connected' }), /is connected, and disconnected at/],
    [
      'a live call without a connection',
      {
        ...good,
        productCalls: [call, { ...call, callId: 'x', state: 'placing', callConnectionId: undefined }],
      },
      /is placing though ACS has no connection/,
    ],
    [
      'streaming that is told otherwise',
      { ...product({ state: 'connected' }), acsCalls: [live] },
      /streaming of the call .* is inactive, and active at ACS/,
    ],
    ['a connection without a call', { ...good, productCalls: [] }, /no call of the product names/],
    [
      'a second answer',
      { ...good, answers: [{ id: 'a', answers: { accepted: 2, refused: 0, replayed: 0 } }] },
      /answered 2 times/,
    ],
    [
      'a second ring',
      { ...good, rings: new Map([['+14255550123', { rang: 2, called: 1 }]]) },
      /called 1 times, rang 2 times/,
    ],
    [
      'an event that is told twice',
      product({ timeline: [...call.timeline, ...call.timeline.filter(({ id }) => id === 'over')] }),
      /is told twice/,
    ],
    [
      'an event that is not told',
      product({ timeline: call.timeline.filter(({ id }) => id !== 'over') }),
      /acknowledged and is in no timeline/,
    ],
    [
      'an incoming call that is not told',
      product({ timeline: call.timeline.filter(({ id }) => id !== 'grid') }),
      /IncomingCall grid was acknowledged and is in no timeline/,
    ],
    ['an operation without an account', product({ operations: [] }), /accepted and is not told of/],
    [
      'an operation that is awaited for ever',
      product({ operations: [{ id: 'op-1', type: 'play', state: 'pending', requestedAtMs: 1 }] }),
      /an operation of it is pending/,
    ],
    ['a recording without end', product({ recording: { state: 'recording' } }), /its recording is recording/],
    [
      'a transcription without end',
      product({ transcription: { state: 'active' } }),
      /its transcription is active/,
    ],
    ['a hold without end', product({ held: 1 }), /1 of it are on hold/],
  ])('names %s', (_, evidence, sentence) => {
    expect(judge(evidence).join('\n')).toMatch(sentence);
  });
});

describe('a run', () => {
  it('is drawn from its seed alone', () => {
    const { conflicts: _, ...plan } = drawChaos('seed', 500, 8);
    const { conflicts: _again, ...again } = drawChaos('seed', 500, 8);
    expect(again).toEqual(plan);
    expect(drawChaos('another', 500, 8).calls).not.toEqual(plan.calls);
    expect(plan.kills.size, 'kills').toBe(8);
    expect(new Set(plan.calls.map(({ number }) => number.slice(-4))).size, 'telephones').toBe(500);
  });
});
