import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codecOf, HubDriver } from './hub-driver.ts';

const PLAIN = codecOf('json.webpubsub.azure.v1');

describe('a reliable session', () => {
  it('lives for thirty seconds after its socket was lost, and not longer', () => {
    const bench = new HubDriver();
    bench.open(1, { groups: ['g'] });
    bench.nowMs = 1_000;
    bench.lose(1);
    expect(bench.hub.nextExpiryMs()).toBe(31_000);
    bench.nowMs = 30_999;
    bench.apply({ type: 'expire' });
    expect(bench.hub.canRecover('c1')).toBe(true);
    bench.nowMs = 31_000;
    bench.apply({ type: 'expire' });
    expect(bench.hub.canRecover('c1')).toBe(false);
    expect(bench.hub.has({ to: 'group', group: 'g' })).toBe(false);
    expect(bench.hub.nextExpiryMs()).toBeUndefined();
    expect(bench.effects('notifyHandler').map(({ event }) => event.name)).toEqual([
      'connected',
      'disconnected',
    ]);
  });

  it.each([
    [1000, false],
    [1005, false],
    [1001, true],
    [1011, true],
  ])('after a close frame with %i can be recovered: %s', (code, recoverable) => {
    const bench = new HubDriver();
    bench.open(1);
    bench.apply({ type: 'transportEnded', transportId: 1, end: { how: 'closed', code, reason: '' } });
    expect(bench.hub.canRecover('c1')).toBe(recoverable);
  });

  it('ends when its unacknowledged messages exceed the byte bound, attached or not', () => {
    const bench = new HubDriver({ unackedBytes: 1_000 });
    bench.open(1);
    bench.open(2);
    bench.lose(2);
    bench.publish('x'.repeat(600));
    expect(bench.hub.has({ to: 'connection', connectionId: 'c1' })).toBe(true);
    bench.publish('x'.repeat(600));
    expect(bench.hub.has({ to: 'all' })).toBe(false);
    expect(bench.effects('closeTransport')).toMatchObject([{ transportId: 1, code: 1008 }]);
  });

  it('ends at once without recovery when its client is too slow or broke a rule', () => {
    const bench = new HubDriver();
    bench.open(1);
    bench.open(2);
    bench.apply({ type: 'transportEnded', transportId: 1, end: { how: 'tooSlow' } });
    bench.apply({
      type: 'transportEnded',
      transportId: 2,
      end: { how: 'violation', code: 1009, reason: 'too big' },
    });
    expect(bench.hub.has({ to: 'all' })).toBe(false);
    expect(bench.effects('closeTransport')).toMatchObject([
      { transportId: 1, code: 1008 },
      { transportId: 2, code: 1009 },
    ]);
  });

  it('ignores what a socket says after another one took over', () => {
    const bench = new HubDriver();
    bench.open(1);
    bench.apply({ type: 'recover', transportId: 2, connectionId: 'c1', reconnectionToken: 't' });
    expect(bench.effects('abortTransport')).toEqual([{ type: 'abortTransport', transportId: 1 }]);
    bench.lose(1);
    bench.request(1, { type: 'ping' });
    bench.request(2, { type: 'ping' });
    expect(bench.sent.get(1)).toMatchObject([{ event: 'connected' }]);
    expect(bench.sent.get(2)).toMatchObject([{ event: 'connected' }, { type: 'pong' }]);
    expect(bench.hub.nextExpiryMs()).toBeUndefined();
  });

  it('forgets the oldest ack ids beyond its bound', () => {
    const bench = new HubDriver({ rememberedAckIds: 2 });
    bench.open(1, { roles: ['webpubsub.joinLeaveGroup'] });
    for (const ackId of [1, 2, 3, 3, 1]) bench.request(1, { type: 'joinGroup', group: 'g', ackId });
    const answers = bench.sent
      .get(1)
      ?.slice(1)
      .map(({ success }) => success);
    expect(answers, '3 is remembered, 1 is not').toEqual([true, true, true, false, true]);
  });

  it('gives every message exactly once, in order, whatever is lost, acknowledged and recovered', () => {
    type Step =
      | { readonly do: 'publish' }
      | { readonly do: 'lose' }
      | { readonly do: 'recover' }
      | { readonly do: 'ack'; readonly of: number };
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 4, arbitrary: fc.constant({ do: 'publish' } as const) },
      fc.constant({ do: 'lose' } as const),
      fc.constant({ do: 'recover' } as const),
      fc.record({ do: fc.constant('ack' as const), of: fc.double({ min: 0, max: 1, noNaN: true }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const bench = new HubDriver();
        bench.open(1);
        let transport = 1;
        let attached = true;
        let published = 0;
        let lastSeen = 0;
        const heard: unknown[] = [];
        const hear = (): void => {
          // What Microsoft's client does: a sequence id that it has seen is a duplicate.
          for (const message of bench.sent.get(transport)?.splice(0) ?? []) {
            const sequenceId = message['sequenceId'];
            if (typeof sequenceId !== 'number' || sequenceId <= lastSeen) continue;
            lastSeen = sequenceId;
            heard.push(message['data']);
          }
        };
        const recover = (): void => {
          transport += 1;
          attached = true;
          bench.apply({
            type: 'recover',
            transportId: transport,
            connectionId: 'c1',
            reconnectionToken: 't',
          });
          hear();
        };
        for (const each of steps) {
          switch (each.do) {
            case 'publish':
              bench.publish(String(published));
              published += 1;
              if (attached) hear();
              break;
            case 'lose':
              if (attached) bench.lose(transport);
              attached = false;
              break;
            case 'recover':
              recover();
              break;
            case 'ack':
              if (attached)
                bench.request(transport, { type: 'sequenceAck', sequenceId: Math.floor(each.of * lastSeen) });
              break;
          }
        }
        recover();
        expect(heard).toEqual(Array.from({ length: published }, (_, i) => String(i)));
      }),
    );
  });
});

describe('a user event', () => {
  function busyBench(): HubDriver {
    const bench = new HubDriver({ waitingFrames: 3 });
    bench.open(1, { codec: PLAIN, roles: ['webpubsub.joinLeaveGroup'] });
    bench.request(1, { type: 'event', event: 'e', data: 1, ackId: 1 });
    return bench;
  }

  function answer(bench: HubDriver): void {
    const event = bench.effects('callHandler').at(-1)?.event;
    if (event === undefined) throw new Error('no event is under way');
    bench.apply({
      type: 'eventAnswered',
      connectionId: event.connectionId,
      eventId: event.id,
      outcome: { ok: true },
    });
  }

  it('stops the reading of its client until it is answered', () => {
    const bench = busyBench();
    expect(bench.effects('pauseReading')).toHaveLength(1);
    bench.request(1, { type: 'event', event: 'e', data: 2, ackId: 2 });
    expect(bench.effects('callHandler')).toHaveLength(1);
    answer(bench);
    expect(bench.effects('callHandler')).toHaveLength(2);
    expect(bench.effects('resumeReading'), 'the next event is already under way').toHaveLength(0);
    answer(bench);
    expect(bench.effects('resumeReading')).toHaveLength(1);
  });

  it('closes a client of which more frames wait than may', () => {
    const bench = busyBench();
    for (let i = 0; i < 3; i += 1) bench.request(1, { type: 'ping' });
    expect(bench.effects('closeTransport')).toHaveLength(0);
    bench.request(1, { type: 'ping' });
    expect(bench.effects('closeTransport')).toMatchObject([{ transportId: 1, code: 1008 }]);
    answer(bench);
    expect(bench.sent.get(1), 'an answer for a client that has gone goes nowhere').toHaveLength(1);
  });

  it('stops at a broken rule among the frames that waited', () => {
    const bench = busyBench();
    bench.request(1, { type: 'nonsense' });
    bench.request(1, { type: 'ping' });
    answer(bench);
    expect(bench.effects('closeTransport')).toMatchObject([{ transportId: 1, code: 1007 }]);
    expect(bench.sent.get(1)).toMatchObject([{ event: 'connected' }, { type: 'ack', ackId: 1 }]);
  });

  it('that is under way when its client recovers keeps the new socket unread, and is acknowledged there', () => {
    const bench = new HubDriver();
    bench.open(1);
    bench.request(1, { type: 'event', event: 'e', data: 1, ackId: 1 });
    bench.lose(1);
    bench.apply({ type: 'recover', transportId: 2, connectionId: 'c1', reconnectionToken: 't' });
    expect(bench.effects('pauseReading').map(({ transportId }) => transportId)).toEqual([1, 2]);
    bench.request(2, { type: 'ping' });
    answer(bench);
    expect(bench.sent.get(2)).toMatchObject([
      { event: 'connected' },
      { type: 'ack', ackId: 1 },
      { type: 'pong' },
    ]);
    expect(bench.effects('resumeReading').map(({ transportId }) => transportId)).toEqual([2]);
  });

  it('that is answered twice counts once', () => {
    const bench = busyBench();
    const outcome = { ok: true } as const;
    for (let i = 0; i < 2; i += 1)
      bench.apply({ type: 'eventAnswered', connectionId: 'c1', eventId: 2, outcome });
    expect(bench.sent.get(1)).toHaveLength(2);
  });
});

it('delivers a group message to exactly the members, whoever joined and left before', () => {
  const members = [1, 2, 3, 4];
  const change = fc.record({
    who: fc.constantFrom(...members),
    type: fc.constantFrom('joinGroup', 'leaveGroup'),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), fc.boolean(), (changes, noEcho) => {
      const bench = new HubDriver();
      const roles = ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'];
      for (const each of members) bench.open(each, { codec: PLAIN, roles });
      const expected = new Set<number>();
      for (const { who, type } of changes) {
        bench.request(who, { type, group: 'g' });
        if (type === 'joinGroup') expected.add(who);
        else expected.delete(who);
      }
      bench.request(1, { type: 'sendToGroup', group: 'g', data: 1, noEcho });
      if (noEcho) expected.delete(1);
      const heard = members.filter((each) => bench.sent.get(each)?.some(({ type }) => type === 'message'));
      expect(heard).toEqual(members.filter((each) => expected.has(each)));
    }),
  );
});
