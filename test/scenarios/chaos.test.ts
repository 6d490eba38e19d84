import { expect, it } from 'vitest';
import { chaos, chaosFailure, SHORT_SEED } from './chaos/chaos.ts';

/** Few: callers hang up after 30 s, in which a busy machine must be able to answer all that ring. */
const AT_ONCE = 8;

it('brings 40 calls to the state that ACS has of them, through failures, disorder, conflicts and a kill', async () => {
  const seed = process.env['CHAOS_SEED'] ?? SHORT_SEED;
  const { faults, counts } = await chaos(seed, 40, 1, AT_ONCE).catch((error: unknown) => {
    throw new Error(chaosFailure(seed, error), { cause: error });
  });
  expect(faults, chaosFailure(seed, JSON.stringify(counts))).toEqual([]);
  expect(counts.kills, 'kills').toBe(1);
  expect(counts.conflicts, 'writes that came too late').toBeGreaterThan(0);
  expect(counts.connected, 'calls that were connected').toBeGreaterThan(20);
});
