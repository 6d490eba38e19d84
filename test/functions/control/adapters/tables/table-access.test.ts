import { RestError } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  creatingTable,
  makesRow,
  storageStatusOf,
  tableLoader,
  unlessMissing,
  withStorage,
} from '../../../../../functions/control/adapters/tables/table-access.ts';
import { CallStoreError } from '../../../../../functions/control/call/stores.ts';
import { startTables } from '../../../../../local/emulators/storage/server.ts';

let tables: Awaited<ReturnType<typeof startTables>>;

beforeAll(async () => {
  tables = await startTables({ port: 0 });
});
afterAll(() => tables.close());

function tableNamed(name: string): ReturnType<ReturnType<typeof tableLoader>> {
  return tableLoader(
    name,
    { connectionString: tables.connectionString },
    { allowInsecureConnection: true },
  )();
}

function answered(statusCode: number): RestError {
  return new RestError(`storage answered ${statusCode}`, { statusCode });
}

const ROW = { partitionKey: 'p', rowKey: 'r', text: 'kept' };

describe('a request of what may be missing', () => {
  it('finds nothing where there is no table, and where there is no row', async () => {
    const table = await tableNamed('sparse');
    expect(await unlessMissing(table.getEntity('p', 'r')), 'no table').toBeUndefined();
    expect(await unlessMissing(table.deleteEntity('p', 'r')), 'nothing to remove').toBeUndefined();
    await table.createTable();
    expect(await unlessMissing(table.getEntity('p', 'r')), 'no row').toBeUndefined();
    await table.createEntity(ROW);
    expect(await unlessMissing(table.getEntity('p', 'r'))).toMatchObject({ text: 'kept' });
  });

  it.each([400, 403, 409, 412, 500])('fails where storage answers %i', async (status) => {
    const error = answered(status);
    await expect(unlessMissing(Promise.reject(error))).rejects.toBe(error);
  });

  it('fails where storage could not be reached', async () => {
    const error = new Error('connect ECONNREFUSED');
    await expect(unlessMissing(Promise.reject(error))).rejects.toBe(error);
  });
});

describe('a row that may be there', () => {
  it('is made once', async () => {
    const table = await tableNamed('single');
    const make = (): Promise<boolean> => creatingTable(table, () => makesRow(table.createEntity(ROW)));
    expect([await make(), await make()]).toEqual([true, false]);
  });

  it('is not taken for there when its table cannot be made', async () => {
    const error = answered(409);
    const table = { createTable: () => Promise.reject(error) };
    const write = (): Promise<boolean> => makesRow(Promise.reject(answered(404)));
    await expect(creatingTable(table, write)).rejects.toBe(error);
  });

  it.each([400, 403, 412, 500])('fails where storage answers %i', async (status) => {
    const error = answered(status);
    await expect(makesRow(Promise.reject(error))).rejects.toBe(error);
  });
});

describe('a write that creates its table', () => {
  it('comes to pass, though there was no table, and gives what it gave', async () => {
    const table = await tableNamed('fresh');
    let writes = 0;
    const write = async (): Promise<string> => {
      writes += 1;
      await table.upsertEntity(ROW, 'Replace');
      return `write ${writes}`;
    };
    expect(await creatingTable(table, write), 'before there was a table').toBe('write 2');
    expect(await creatingTable(table, write), 'with a table').toBe('write 3');
    expect(await table.getEntity('p', 'r')).toMatchObject({ text: 'kept' });
  });

  it('comes to pass for each of several that find no table at the same time', async () => {
    const table = await tableNamed('crowded');
    const rowKeys = ['a', 'b', 'c', 'd'];
    await Promise.all(
      rowKeys.map((rowKey) => creatingTable(table, () => table.createEntity({ partitionKey: 'p', rowKey }))),
    );
    for (const rowKey of rowKeys) expect(await table.getEntity('p', rowKey)).toMatchObject({ rowKey });
  });

  it('creates nothing where storage refuses the write for another reason', async () => {
    let created = 0;
    const createTable = async (): Promise<void> => {
      created += 1;
    };
    const error = answered(403);
    await expect(creatingTable({ createTable }, () => Promise.reject(error))).rejects.toBe(error);
    expect(created).toBe(0);
  });

  it('is not made a third time', async () => {
    let writes = 0;
    const write = (): Promise<never> => {
      writes += 1;
      return Promise.reject(answered(404));
    };
    await expect(creatingTable({ createTable: async () => {} }, write)).rejects.toMatchObject({
      statusCode: 404,
    });
    expect(writes).toBe(2);
  });

  it('fails with the creation, and is not made again then', async () => {
    let writes = 0;
    const error = answered(403);
    const write = (): Promise<never> => {
      writes += 1;
      return Promise.reject(answered(404));
    };
    await expect(creatingTable({ createTable: () => Promise.reject(error) }, write)).rejects.toBe(error);
    expect(writes).toBe(1);
  });
});

describe('what storage refuses', () => {
  it('is said with the action and the status, and the cause', async () => {
    const cause = answered(503);
    const failing = withStorage('keeping a thing', () => Promise.reject(cause));
    await expect(failing).rejects.toMatchObject({
      name: 'CallStoreError',
      message: 'keeping a thing in table storage failed: it answered 503',
      cause,
    });
  });

  it('is said once, however many layers it passes', async () => {
    const error = new CallStoreError('others were quicker');
    await expect(withStorage('keeping a thing', () => Promise.reject(error))).rejects.toBe(error);
  });

  it('has a status only where storage answered', () => {
    expect(storageStatusOf(answered(412))).toBe(412);
    expect(storageStatusOf(new Error('connect ECONNREFUSED'))).toBeUndefined();
    expect(storageStatusOf({ statusCode: 404 })).toBeUndefined();
  });
});
