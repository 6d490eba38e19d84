import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTableCallStore } from '../../../../../functions/control/adapters/tables/call-store.ts';
import { CallStoreError } from '../../../../../functions/control/call/stores.ts';
import { startTables } from '../../../../../local/emulators/storage/server.ts';
import { aCall, CALL_ID } from '../../../../support/calls.ts';
import { closeAtOnce, listenOnLoopback } from '../../../../support/loopback.ts';
import { MemoryCallStore } from '../../../../support/memory-call-store.ts';
import { callStoreContract } from './call-store-contract.ts';

type Tables = Awaited<ReturnType<typeof startTables>>;

const running: Tables[] = [];

afterAll(async () => {
  await Promise.all(running.map((tables) => tables.close()));
});

async function aTableService(): Promise<Tables> {
  const tables = await startTables({ port: 0 });
  running.push(tables);
  return tables;
}

callStoreContract('the call store of the tests', async () => new MemoryCallStore());

callStoreContract('the call store in table storage', async () => {
  const { connectionString } = await aTableService();
  return createTableCallStore({ connectionString }, { allowInsecureConnection: true });
});

describe('the call store in table storage', () => {
  let tables: Tables;

  beforeAll(async () => {
    tables = await aTableService();
  });

  it('finds the calls of another process that has stopped', async () => {
    const access = { connectionString: tables.connectionString };
    const options = { allowInsecureConnection: true };
    await createTableCallStore(access, options).create(aCall());
    const afterRestart = createTableCallStore(access, options);
    expect((await afterRestart.get(CALL_ID))?.phase).toBe('ringing');
    expect(await afterRestart.listLive(10)).toHaveLength(1);
  });

  it('refuses an unencrypted connection unless it was allowed', async () => {
    const store = createTableCallStore({ connectionString: tables.connectionString });
    await expect(store.get(CALL_ID)).rejects.toThrow(CallStoreError);
  });

  it('says that storage cannot be reached, without the connection string', async () => {
    const { port } = new URL(tables.url);
    // Nobody listens there, and the system gives that port to nobody.
    const connectionString = tables.connectionString.replace(`:${port}/`, ':1/');
    const store = createTableCallStore(
      { connectionString },
      { allowInsecureConnection: true, maxRetries: 0 },
    );
    const error = await store.get(CALL_ID).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(CallStoreError);
    expect(String(error)).toContain('could not be reached');
    expect(String(error)).not.toContain('AccountKey');
  });

  it('gives up on storage that does not answer', async () => {
    const silent = createServer(() => {});
    const port = await listenOnLoopback(silent);
    const connectionString = tables.connectionString.replace(`:${new URL(tables.url).port}/`, `:${port}/`);
    const store = createTableCallStore(
      { connectionString },
      { allowInsecureConnection: true, maxRetries: 0, answerLimitMs: 20 },
    );
    await expect(store.get(CALL_ID)).rejects.toThrow('could not be reached');
    await closeAtOnce(silent);
  });
});
