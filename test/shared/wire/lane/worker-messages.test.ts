import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLaneEvent, parseWorkerActions } from '../../../../shared/wire/lane/worker-messages.ts';

const STARTED = {
  type: 'call.started',
  callId: '0123456789abcdef',
  callConnectionId: 'connection',
  correlationId: 'correlation',
  from: '4:+14255550100',
  to: '4:+14255550101',
  format: 'pcm16KMono',
  participants: [{ ssrc: 1, rawId: '4:+14255550100' }],
  turn: 0,
};

describe('call events', () => {
  it.each([
    STARTED,
    { type: 'participant', ssrc: 2, rawId: '8:acs:somebody' },
    { type: 'dtmf', tone: 'pound' },
    { type: 'interrupted', turn: 3, playedMs: 412.5 },
    { type: 'played', turn: 3, playedMs: 5_000 },
    { type: 'call.ended', reason: 'hung up' },
  ])('are read: $type', (event) => {
    expect(parseLaneEvent(JSON.parse(JSON.stringify(event)))).toEqual(event);
  });

  it('of a type that is not known are no error', () => {
    expect(parseLaneEvent({ type: 'weather', rain: true })).toBeUndefined();
  });

  it('lose members that are not known', () => {
    expect(parseLaneEvent({ type: 'dtmf', tone: '1', loudness: 3 })).toEqual({ type: 'dtmf', tone: '1' });
  });

  it.each([
    [{ ...STARTED, format: 'opus' }],
    [{ ...STARTED, turn: -1 }],
    [{ type: 'dtmf' }],
    [{ type: 'dtmf', tone: 7 }],
  ])('that break their shape are not believed: %j', (event) => {
    expect(parseLaneEvent(event)).toBeUndefined();
  });

  it('with data of more levels or characters than their bound are not believed, however many there are', () => {
    const event = { type: 'marked', outcome: 'played' };
    for (const levels of [32, 33, 100_000]) {
      const data: unknown = JSON.parse('['.repeat(levels) + ']'.repeat(levels));
      const isRead = levels <= 32;
      expect(parseLaneEvent({ type: 'message', data }) !== undefined).toBe(isRead);
      expect(parseLaneEvent({ ...event, data }) !== undefined).toBe(isRead);
      expect(parseWorkerActions({ actions: [{ type: 'mark', data }] }).ignored).toBe(isRead ? 0 : 1);
    }
    expect(parseLaneEvent({ type: 'message', data: 'a'.repeat(16_382) })).toBeDefined();
    expect(parseLaneEvent({ type: 'message', data: 'a'.repeat(16_383) })).toBeUndefined();
    expect(parseLaneEvent({ ...event, data: 'a'.repeat(1_023) })).toBeUndefined();
    expect(parseWorkerActions({ actions: [{ type: 'mark', data: 'a'.repeat(1_023) }] }).ignored).toBe(1);
  });

  it('never throw, whatever the JSON', () => {
    return fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        parseLaneEvent(value);
      }),
    );
  });
});

describe('the actions of a worker', () => {
  const actions = [
    { type: 'play', format: 'pcm24KMono', audio: 'AAA=' },
    { type: 'play', format: 'pcm16KMono', audio: 'AAA=', turn: 2 },
    { type: 'stop' },
    { type: 'publish', text: 'hello', kind: 'transcript' },
  ];

  it('are read in their order, and a text with its kind', () => {
    expect(parseWorkerActions({ actions })).toEqual({ actions, ignored: 0 });
  });

  it('that are not understood are counted and left out, the others stay', () => {
    const mixed = [
      { type: 'dance' },
      actions[1],
      { type: 'play', format: 'pcm24KMono', audio: 'no base64!' },
      { type: 'play', format: 'pcm24KMono', audio: 'AAA=', turn: -1 },
      null,
      actions[2],
      { type: 'publish' },
    ];
    expect(parseWorkerActions({ actions: mixed })).toEqual({ actions: [actions[1], actions[2]], ignored: 5 });
  });

  it.each([[undefined], [null], ['text'], [[]], [{}], [{ actions: 'play' }]])(
    'are none in a reply that is no list of actions: %j',
    (reply) => {
      expect(parseWorkerActions(reply)).toEqual({ actions: [], ignored: 1 });
    },
  );

  it('are understood or counted, one by one, whatever the JSON', () => {
    return fc.assert(
      fc.property(fc.array(fc.jsonValue()), (list) => {
        const { actions: understood, ignored } = parseWorkerActions({ actions: list });
        expect(understood.length + ignored).toBe(list.length);
      }),
    );
  });
});
