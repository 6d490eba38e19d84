import { expect, it } from 'vitest';
import { chaos, chaosFailure, chaosSeed } from './chaos/chaos.ts';
import { ACTIONS } from './chaos/chaos-plan.ts';

it('brings 500 calls to the state that ACS has of them, through failures, disorder, conflicts and kills', {
  timeout: 600_000,
}, async () => {
  const seed = chaosSeed();
  const { faults, counts } = await chaos(seed, 500, 8).catch((error: unknown) => {
    throw new Error(chaosFailure(seed, error), { cause: error });
  });
  process.stdout.write(`CHAOS_SEED=${seed}: ${JSON.stringify(counts)}\n`);
  expect(faults, chaosFailure(seed, JSON.stringify(counts))).toEqual([]);
  expect(Object.keys(counts.accepted).sort(), 'actions that were accepted').toEqual([...ACTIONS].sort());
  expect(counts.kills, 'kills').toBe(8);
  expect(counts.conflicts, 'writes that came too late').toBeGreaterThan(20);
  expect(counts.connected, 'calls that were connected').toBeGreaterThan(300);
});
