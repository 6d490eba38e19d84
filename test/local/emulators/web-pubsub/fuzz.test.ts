import { expect, it } from 'vitest';
import { fuzzHub } from './fuzz/hub-fuzz.ts';
import { fuzzService } from './fuzz/service-fuzz.ts';

it('a hub takes any frame, closes whom it must and harms nobody else', { timeout: 60_000 }, () => {
  const { closed, written } = fuzzHub('short', 3_000);
  expect(closed[1003], 'frames of the wrong kind were among them').toBeGreaterThan(10);
  expect(closed[1007], 'frames that cannot be read were among them').toBeGreaterThan(200);
  expect(written, 'frames that are right were among them').toBeGreaterThan(200);
});

it('an emulator answers any HTTP request in its error model, and outlives any bytes', {
  timeout: 60_000,
}, async () => {
  const { statuses } = await fuzzService('short', 400, 100);
  for (const status of [200, 202, 204, 400, 401, 404, 405])
    expect(statuses[status], `requests answered with ${status} were among them`).toBeGreaterThan(0);
  expect(statuses[101], 'upgrades that are right were among them').toBeGreaterThan(10);
});
