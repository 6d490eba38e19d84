import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRouteTable } from '../../../../../functions/control/adapters/tables/route-table.ts';
import { CallStoreError } from '../../../../../functions/control/call/stores.ts';
import { startTables } from '../../../../../local/emulators/storage/server.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let table: ReturnType<typeof createRouteTable>;

beforeAll(async () => {
  tables = await startTables({ port: 0 });
  table = createRouteTable({ connectionString: tables.connectionString }, { allowInsecureConnection: true });
});

afterAll(() => tables.close());

it('holds no routes at first, even before it exists', async () => {
  expect(await table.read()).toBeUndefined();
  await table.remove();
});

it('gives back what was written last, however long it is', async () => {
  const long = JSON.stringify([{ name: 'one', note: 'x'.repeat(100_000) }]);
  await table.write(long);
  const read = await table.read();
  expect(read === long, `${read?.length} of ${long.length} characters came back, or others`).toBe(true);
  await table.write('[{"name":"two"}]');
  expect(await table.read()).toBe('[{"name":"two"}]');
  await table.remove();
  expect(await table.read()).toBeUndefined();
});

it('refuses more than a row holds, and keeps what it had', async () => {
  await table.write('[]');
  await expect(table.write('x'.repeat(500_000))).rejects.toThrow('the routes have 500000 characters');
  expect(await table.read()).toBe('[]');
});

it('says when storage cannot be reached', async () => {
  const connectionString =
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:1/a;';
  const lost = createRouteTable({ connectionString }, { allowInsecureConnection: true, maxRetries: 0 });
  await expect(lost.read()).rejects.toThrow(CallStoreError);
});
