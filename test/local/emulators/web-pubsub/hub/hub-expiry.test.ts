import { describe, expect, it } from 'vitest';
import { HubDriver } from './hub-driver.ts';

/** A reliable client that lost its socket at time 0. */
function away(limits: ConstructorParameters<typeof HubDriver>[0] = {}): HubDriver {
  const hub = new HubDriver(limits);
  hub.open(1, { groups: ['g'] });
  hub.lose(1);
  return hub;
}

function heardAfterRecovery(hub: HubDriver): unknown[] {
  hub.apply({ type: 'recover', transportId: 2, connectionId: 'c1', reconnectionToken: 't' });
  return (hub.sent.get(2) ?? []).slice(1).map(({ data, sequenceId }) => `${data} ${sequenceId}`);
}

describe('a message with a time to live', () => {
  it('waits for a client that is away until its time is over; its number stays a gap', () => {
    const hub = away();
    hub.publish('a', 5);
    hub.publish('b');
    hub.publish('c', 0);
    hub.publish('d', 6);
    hub.nowMs = 5_000;
    expect(heardAfterRecovery(hub)).toEqual(['b 2', 'c 3', 'd 4']);
  });

  it('counts from its own beginning, not from the loss of the socket', () => {
    const hub = away();
    hub.nowMs = 10_000;
    hub.publish('a', 5);
    hub.nowMs = 14_999;
    expect(heardAfterRecovery(hub)).toEqual(['a 1']);
  });

  it('of a client’s own request counts as one of REST does', () => {
    const hub = away();
    hub.open(3, { roles: ['webpubsub.sendToGroup'] });
    for (const ttlSeconds of [1, 2])
      hub.request(3, {
        type: 'sendToGroup',
        group: 'g',
        dataType: 'text',
        data: `${ttlSeconds}`,
        ttlSeconds,
      });
    hub.nowMs = 1_500;
    expect(heardAfterRecovery(hub)).toEqual(['2 2']);
  });

  it('makes room in the buffer of a client that is away when it expires', () => {
    const hub = away({ unackedMessages: 2 });
    hub.publish('a', 1);
    hub.publish('b', 1);
    hub.nowMs = 1_000;
    hub.publish('c');
    hub.publish('d');
    expect(heardAfterRecovery(hub)).toEqual(['c 3', 'd 4']);
    hub.publish('e');
    expect(hub.hub.size, 'what has not expired counts').toBe(0);
  });

  it('makes room for bytes as well', () => {
    const hub = away({ unackedBytes: 1_000 });
    hub.publish('a'.repeat(600), 1);
    hub.nowMs = 1_000;
    hub.publish('b'.repeat(600));
    expect(heardAfterRecovery(hub)).toEqual([`${'b'.repeat(600)} 2`]);
  });
});
