import { describe, expect, it } from 'vitest';
import { chooseRoute, type RoutedCall } from '../../../../functions/control/use-cases/set-up-call.ts';
import type { CallRoute } from '../../../../shared/call/route.ts';
import { aCall, PLAN, T0 } from '../../../support/calls.ts';
import { CONNECTED_ID, ring } from '../../../support/connected-call.ts';
import { ControlFixture } from '../../../support/control-fixture.ts';
import { silentLog } from '../../../support/silent-log.ts';

const call: RoutedCall = {
  callId: 'a'.repeat(32),
  direction: 'inbound',
  from: { rawId: '4:+14255550123' },
  to: { rawId: '4:+18005550199' },
  sipHeaders: {},
  voipHeaders: {},
  atMs: T0,
};

const desk: CallRoute = { name: 'desk', match: {}, action: 'answer', capacity: 2, plan: PLAN };
const full: CallRoute = { name: 'full', match: {}, action: 'reject', rejectReason: 'busy', plan: PLAN };

describe('the route of a call', () => {
  it('is one that has room; beyond that the next one decides', async () => {
    const fixture = new ControlFixture([desk, full]);
    expect((await chooseRoute(fixture.deps, call, silentLog))?.name).toBe('desk');
    for (const name of ['b', 'c'])
      await fixture.store.create(aCall({ callId: name.repeat(32), route: 'desk', phase: 'connected' }));
    expect((await chooseRoute(fixture.deps, call, silentLog))?.name).toBe('full');
    await fixture.store.update('b'.repeat(32), (now) => ({ call: { ...now, phase: 'ended' as const } }));
    expect((await chooseRoute(fixture.deps, call, silentLog))?.name).toBe('desk');
  });

  it('is none where the first that matches leaves it ringing', async () => {
    const fixture = new ControlFixture([{ ...full, name: 'away', action: 'ring' }, desk]);
    expect(await chooseRoute(fixture.deps, call, silentLog)).toBeUndefined();
  });

  it('can be asked for by name, if it is for the call', async () => {
    const fixture = new ControlFixture([desk, full]);
    expect((await chooseRoute(fixture.deps, call, silentLog, 'full'))?.name).toBe('full');
    expect(await chooseRoute(fixture.deps, call, silentLog, 'none')).toBeUndefined();
  });

  it('stays that of its first delivery, though the call itself has taken the last place meanwhile', async () => {
    const fixture = new ControlFixture([{ ...desk, capacity: 1 }]);
    fixture.acs.fail('answer', { retryable: true, status: 503 });
    await expect(ring(fixture)).rejects.toThrow(/^ACS did not answer the call \w+ yet/);
    await ring(fixture);
    expect(await fixture.store.get(CONNECTED_ID)).toMatchObject({ route: 'desk', phase: 'answering' });
  });
});
