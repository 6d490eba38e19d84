import { RestError, TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  startTablesProxy,
  type TablesProxy,
  type TablesRequest,
} from '../../../bench/control/tables-proxy.ts';
import { type RunningTables, startTables } from '../../../local/emulators/storage/server.ts';

let tables: RunningTables;
let proxy: TablesProxy;
let loses = false;
const asked: TablesRequest[] = [];
let client: TableClient;

beforeAll(async () => {
  tables = await startTables({ port: 0 });
  const { port } = new URL(tables.url);
  proxy = await startTablesProxy({
    port: Number(port),
    onRequest: (request) => asked.push(request),
    loses: () => loses,
  });
  const address = tables.connectionString.replace(`:${port}/`, `:${proxy.port}/`);
  client = TableClient.fromConnectionString(address, 'things', { allowInsecureConnection: true });
  await client.createTable();
});
beforeEach(() => {
  asked.length = 0;
  loses = false;
});
afterAll(async () => {
  await proxy.close();
  await tables.close();
});

it('tells what is asked of table storage and passes it on', async () => {
  const row = { partitionKey: 'p', rowKey: 'a', size: 1 };
  await client.createEntity(row);
  await client.updateEntity({ ...row, size: 2 });
  expect(await client.getEntity('p', 'a')).toMatchObject({ size: 2 });
  for await (const found of client.listEntities()) expect(found).toMatchObject({ size: 2 });
  await client.submitTransaction([['upsert', { ...row, rowKey: 'b' }]]);
  await client.deleteEntity('p', 'a');
  expect(asked).toEqual([
    'insert things',
    'update things',
    'read things',
    'query things',
    'transaction things',
    'delete things',
  ]);
});

it('lets a transaction that depends on the version of a row come too late where it is told to', async () => {
  await client.upsertEntity({ partitionKey: 'p', rowKey: 'c', size: 1 });
  const update = async (): Promise<unknown> => {
    const { etag } = await client.getEntity('p', 'c');
    const changed = { partitionKey: 'p', rowKey: 'c', size: 2 };
    return await client.submitTransaction([['update', changed, 'Replace', { etag }]]);
  };
  loses = true;
  const refused = await update().catch((error: unknown) => error);
  expect(refused, 'the first attempt is refused').toBeInstanceOf(RestError);
  expect((refused as RestError).statusCode).toBe(412);
  expect(await client.getEntity('p', 'c'), 'nothing is changed').toMatchObject({ size: 1 });
  loses = false;
  await update();
  expect(await client.getEntity('p', 'c')).toMatchObject({ size: 2 });
  expect(proxy.conflicts).toBe(1);
});
