import { beforeEach, expect, it } from 'vitest';
import { ANSWER_KEPT_MS } from '../../../../functions/control/call/idempotency.ts';
import { removalTimer } from '../../../../functions/control/triggers/timers.ts';
import { aCall, T0 } from '../../../support/calls.ts';
import { ControlFixture, RETENTION_MS } from '../../../support/control-fixture.ts';

let fixture: ControlFixture;

beforeEach(() => {
  fixture = new ControlFixture();
});

async function remove(): Promise<void> {
  await removalTimer(fixture.load)({ isPastDue: false } as never, fixture.context());
}

it('removes the calls whose time is over with their handovers, and keeps the others', async () => {
  for (let index = 0; index < 250; index += 1) {
    const callId = `old${index}`;
    await fixture.store.create(aCall({ callId, phase: 'ended', endedAtMs: T0 }));
    fixture.handovers.set(callId, { sealed: 'sealed', version: 1 });
  }
  await fixture.store.create(aCall({ callId: 'younger', phase: 'ended', endedAtMs: T0 + 2 }));
  await fixture.store.create(aCall({ callId: 'live', phase: 'connected' }));
  fixture.handovers.set('younger', { sealed: 'sealed', version: 1 });
  fixture.nowMs = T0 + RETENTION_MS + 1;
  await remove();
  expect(
    (await fixture.store.list({ state: 'ended', limit: 1_000 })).calls.map(({ callId }) => callId),
  ).toEqual(['younger']);
  expect(await fixture.store.get('live')).toBeDefined();
  expect([...fixture.handovers.keys()]).toEqual(['younger']);
  expect(fixture.logged.join('\n')).toContain('calls=250');
});

it('removes the answers that are kept no longer', async () => {
  await fixture.idempotency.claim('a', 'request', T0);
  fixture.nowMs = T0 + ANSWER_KEPT_MS;
  await fixture.idempotency.claim('b', 'request', fixture.nowMs);
  await remove();
  expect(await fixture.idempotency.claim('a', 'another request', fixture.nowMs)).toEqual({ kind: 'claimed' });
  expect(await fixture.idempotency.claim('b', 'another request', fixture.nowMs)).toEqual({
    kind: 'other request',
  });
});

it('fails when storage is away, so that the host tries again', async () => {
  fixture.store.outage = true;
  await expect(remove()).rejects.toThrow('storage could not be reached');
});
