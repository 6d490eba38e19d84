import { beforeEach, expect, it } from 'vitest';
import { ANSWER_KEPT_MS } from '../../../../functions/control/call/idempotency.ts';
import { removeOldCalls } from '../../../../functions/control/triggers/remove-old-calls.ts';
import { aCall, T0 } from '../../../support/calls.ts';
import { ControlBench, RETENTION_MS } from '../../../support/control-bench.ts';

let bench: ControlBench;

beforeEach(() => {
  bench = new ControlBench();
});

async function remove(): Promise<void> {
  await removeOldCalls(bench.load)({ isPastDue: false } as never, bench.context());
}

it('removes the calls whose time is over with their handovers, and keeps the others', async () => {
  for (let index = 0; index < 250; index += 1) {
    const callId = `old${index}`;
    await bench.store.create(aCall({ callId, phase: 'ended', endedAtMs: T0 }));
    bench.handovers.set(callId, 'sealed');
  }
  await bench.store.create(aCall({ callId: 'younger', phase: 'ended', endedAtMs: T0 + 2 }));
  await bench.store.create(aCall({ callId: 'live', phase: 'connected' }));
  bench.handovers.set('younger', 'sealed');
  bench.nowMs = T0 + RETENTION_MS + 1;
  await remove();
  expect(
    (await bench.store.list({ state: 'ended', limit: 1_000 })).calls.map(({ callId }) => callId),
  ).toEqual(['younger']);
  expect(await bench.store.get('live')).toBeDefined();
  expect([...bench.handovers.keys()]).toEqual(['younger']);
  expect(bench.logged.join('\n')).toContain('calls=250');
});

it('removes the answers that are kept no longer', async () => {
  await bench.idempotency.claim('a', 'request', T0);
  bench.nowMs = T0 + ANSWER_KEPT_MS;
  await bench.idempotency.claim('b', 'request', bench.nowMs);
  await remove();
  expect(await bench.idempotency.claim('a', 'another request', bench.nowMs)).toEqual({ kind: 'claimed' });
  expect(await bench.idempotency.claim('b', 'another request', bench.nowMs)).toEqual({
    kind: 'other request',
  });
});

it('fails when storage is away, so that the host tries again', async () => {
  bench.store.outage = true;
  await expect(remove()).rejects.toThrow('storage could not be reached');
});
