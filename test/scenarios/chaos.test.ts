import { expect, it } from 'vitest';
import { chaos, chaosFailure, SHORT_SEED } from './chaos/chaos.ts';

it('brings 40 calls to the state that ACS has of them, through failures, disorder, conflicts and a kill', {
  timeout: 180_000,
}, async () => {
  const seed = process.env['CHAOS_SEED'] ?? SHORT_SEED;
  const { faults, counts } = await chaos(seed, 40, 1).catch((error: unknown) => {
    throw new Error(chaosFailure(seed, error), { cause: error });
  });
  expect(faults, chaosFailure(seed, JSON.stringify(counts))).toEqual([]);
  expect(counts.kills, 'kills').toBe(1);
  expect(counts.conflicts, 'writes that came too late').toBeGreaterThan(0);
  expect(counts.connected, 'calls that were connected').toBeGreaterThan(20);
});
