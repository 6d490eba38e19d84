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
  await store.put('a', 'first', 1);
  await store.put('b', 'of another call', 1);
  const longest = 'x'.repeat(MAX_HANDOVER_CHARS);
  await store.put('a', longest, 2);
  expect((await store.get('a')) === longest, 'the longest comes back whole').toBe(true);
  expect(await store.get('b')).toBe('of another call');
  expect(await store.get('c')).toBeUndefined();
});

it('removes the handover of one call, and has nothing to remove where there is none', async () => {
  await store.put('gone', 'first', 1);
  await store.put('stays', 'of another call', 1);
  await store.remove('gone');
  await store.remove('gone');
  expect(await store.get('gone')).toBeUndefined();
  expect(await store.get('stays')).toBe('of another call');
});

it('replaces no newer handover by an older one, and the same one by itself', async () => {
  expect(await store.put('aged', 'new', 1_800_000_000_001)).toBe(true);
  expect(await store.put('aged', 'old', 1_800_000_000_000)).toBe(false);
  expect(await store.get('aged')).toBe('new');
  expect(await store.put('aged', 'new', 1_800_000_000_001)).toBe(true);
  expect(await store.put('aged', 'newer', 1_800_000_000_002)).toBe(true);
  expect(await store.get('aged')).toBe('newer');
});

it('keeps the newest of several that come at the same time, in whatever order', async () => {
  for (const versions of [
    [1, 2, 3],
    [3, 2, 1],
    [2, 3, 1],
  ]) {
    const callId = `raced-${versions.join('')}`;
    await Promise.all(versions.map((version) => store.put(callId, `v${version}`, version)));
    expect(await store.get(callId)).toBe('v3');
  }
});

it('says when storage cannot be reached', async () => {
  const connectionString =
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:1/a;';
  const lost = createTableHandoverStore(
    { connectionString },
    { allowInsecureConnection: true, maxRetries: 0 },
  );
  await expect(lost.get('a')).rejects.toThrow(CallStoreError);
  await expect(lost.put('a', 'x', 1)).rejects.toThrow(CallStoreError);
});
