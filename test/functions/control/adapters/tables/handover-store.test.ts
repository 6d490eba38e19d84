import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTableHandoverStore } from '../../../../../functions/control/adapters/tables/handover-store.ts';
import type { HandoverStore } from '../../../../../functions/control/call/stores.ts';
import { CallStoreError } from '../../../../../functions/control/call/stores.ts';
import { startTables } from '../../../../../local/emulators/storage/server.ts';
import { MAX_HANDOVER_CHARS } from '../../../../../shared/wire/relay/stream-handover.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let store: HandoverStore;

beforeAll(async () => {
  tables = await startTables({ port: 0 });
  store = createTableHandoverStore(
    { connectionString: tables.connectionString },
    { allowInsecureConnection: true },
  );
});
afterAll(() => tables.close());

it('keeps the last handover of each call, also the longest, and has none before the table is there', async () => {
  expect(await store.get('a')).toBeUndefined();
  await store.put('a', 'first');
  await store.put('b', 'of another call');
  const longest = 'x'.repeat(MAX_HANDOVER_CHARS);
  await store.put('a', longest);
  expect((await store.get('a')) === longest, 'the longest comes back whole').toBe(true);
  expect(await store.get('b')).toBe('of another call');
  expect(await store.get('c')).toBeUndefined();
});

it('removes the handover of one call, and has nothing to remove where there is none', async () => {
  await store.put('gone', 'first');
  await store.put('stays', 'of another call');
  await store.remove('gone');
  await store.remove('gone');
  expect(await store.get('gone')).toBeUndefined();
  expect(await store.get('stays')).toBe('of another call');
});

it('says when storage cannot be reached', async () => {
  const connectionString =
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:1/a;';
  const lost = createTableHandoverStore(
    { connectionString },
    { allowInsecureConnection: true, maxRetries: 0 },
  );
  await expect(lost.get('a')).rejects.toThrow(CallStoreError);
  await expect(lost.put('a', 'x')).rejects.toThrow(CallStoreError);
});
