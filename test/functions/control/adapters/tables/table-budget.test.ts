import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTableBudget } from '../../../../../functions/control/adapters/tables/table-budget.ts';
import type { HourlyBudget } from '../../../../../functions/control/call/hourly-budget.ts';
import { CallStoreError } from '../../../../../functions/control/call/stores.ts';
import { startTables } from '../../../../../local/emulators/storage/server.ts';
import { T0 } from '../../../../support/calls.ts';

let tables: Awaited<ReturnType<typeof startTables>>;

beforeAll(async () => {
  tables = await startTables({ port: 0 });
});
afterAll(() => tables.close());

function budget(name: string): HourlyBudget {
  return createTableBudget(
    name,
    { connectionString: tables.connectionString },
    { allowInsecureConnection: true },
  );
}

it('lets exactly as much be spent as there is, although two instances spend at once', async () => {
  const [one, other] = [budget('two'), budget('two')];
  const attempts = Array.from({ length: 12 }, (_, index) =>
    (index % 2 === 0 ? one : other).spend(7, T0 + index),
  );
  const waits = await Promise.all(attempts);
  expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(7);
  expect(waits.filter((waitMs) => waitMs > 59 * 60_000)).toHaveLength(5);
  expect(await one.spend(7, T0 + 61 * 60_000), 'an hour later').toBe(0);
});

it('counts what has different names apart', async () => {
  expect([await budget('a').spend(1, T0), await budget('b').spend(1, T0)]).toEqual([0, 0]);
  expect(await budget('a').spend(1, T0)).toBeGreaterThan(0);
});

it('spends nothing where that cannot be counted', async () => {
  const connectionString =
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:1/a;';
  const lost = createTableBudget('a', { connectionString }, { allowInsecureConnection: true, maxRetries: 0 });
  await expect(lost.spend(1, T0)).rejects.toThrow(CallStoreError);
});
