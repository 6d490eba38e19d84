import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { fuzzHub } from './fuzz/hub-fuzz.ts';
import { fuzzService } from './fuzz/service-fuzz.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What the program holds after garbage collection: objects, and the bytes of buffers. */
function heldBytes(): number {
  collectGarbage();
  // The bytes of dead buffers are given back beside the program; another collection waits for that of the first.
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Another seed for another hundred thousand: `WEB_PUBSUB_FUZZ_SEED=… npm run check:long`. */
const SEED = process.env['WEB_PUBSUB_FUZZ_SEED'] ?? 'long';

it('a hub takes 92,000 frames of any kind', () => {
  const { closed, written } = fuzzHub(SEED, 92_000);
  expect(closed[1007]).toBeGreaterThan(10_000);
  expect(written).toBeGreaterThan(10_000);
});

it('damaged frames leave nothing behind', () => {
  fuzzHub(`${SEED}/before`, 5_000);
  const before = heldBytes();
  fuzzHub(`${SEED}/growth`, 20_000);
  expect(heldBytes() - before, 'a hundred bytes of each frame would be a leak').toBeLessThan(2_000_000);
});

it('an emulator takes 6,000 requests and 2,000 connections of any kind', async () => {
  const { statuses } = await fuzzService(SEED, 6_000, 2_000);
  expect(statuses[101]).toBeGreaterThan(200);
  expect(statuses[400]).toBeGreaterThan(200);
});
