import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTableIdempotencyStore } from '../../../../../functions/control/adapters/tables/idempotency-store.ts';
import { ANSWER_KEPT_MS, type IdempotencyStore } from '../../../../../functions/control/call/idempotency.ts';
import { CallStoreError } from '../../../../../functions/control/call/stores.ts';
import { startTables } from '../../../../../local/emulators/storage/server.ts';
import { T0 } from '../../../../support/calls.ts';
import { MemoryIdempotencyStore } from '../../../../support/memory-idempotency-store.ts';

const IN_PROGRESS_MS = 60_000;

let tables: Awaited<ReturnType<typeof startTables>>;
const OPTIONS = { allowInsecureConnection: true };

beforeAll(async () => {
  tables = await startTables({ port: 0 });
});

afterAll(() => tables.close());

let keys = 0;

function aKey(): string {
  keys += 1;
  return createHash('sha256').update(`key ${keys}`).digest('hex');
}

const ANSWER = { status: 202, headers: { 'content-type': 'application/json' }, body: '{"callId":"a"}' };

describe.each<[string, () => IdempotencyStore]>([
  ['the store of the tests', () => new MemoryIdempotencyStore()],
  [
    'the table idempotency',
    () => createTableIdempotencyStore({ connectionString: tables.connectionString }, OPTIONS),
  ],
])('%s', (_, open) => {
  it('gives a key to one of many', async () => {
    const store = open();
    const key = aKey();
    const claims = await Promise.all(Array.from({ length: 6 }, () => store.claim(key, 'play', T0)));
    expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
    expect(claims.filter(({ kind }) => kind === 'in progress')).toHaveLength(5);
  });

  it('gives the answer that was kept, and none to another request', async () => {
    const store = open();
    const key = aKey();
    await store.claim(key, 'play', T0);
    await store.keep(key, ANSWER);
    expect(await store.claim(key, 'play', T0 + 1)).toEqual({ kind: 'answered', answer: ANSWER });
    expect(await store.claim(key, 'transfer', T0 + 1)).toEqual({ kind: 'other request' });
  });

  it('keeps answers longer than one property of a row', async () => {
    const store = open();
    const key = aKey();
    const answer = { ...ANSWER, body: JSON.stringify({ text: 'ä"'.repeat(50_000) }) };
    await store.claim(key, 'play', T0);
    await store.keep(key, answer);
    expect(await store.claim(key, 'play', T0)).toEqual({ kind: 'answered', answer });
  });

  it('knows that a request was broken off, and gives its key to nobody for a day', async () => {
    const store = open();
    const key = aKey();
    await store.claim(key, 'play', T0);
    expect(await store.claim(key, 'play', T0 + IN_PROGRESS_MS)).toEqual({ kind: 'outcome unknown' });
    expect(await store.claim(key, 'play', T0 + ANSWER_KEPT_MS)).toEqual({ kind: 'claimed' });
    expect(await store.claim(key, 'play', T0 + ANSWER_KEPT_MS + 1)).toEqual({ kind: 'in progress' });
  });

  it('gives a key again that was released', async () => {
    const store = open();
    const key = aKey();
    await store.claim(key, 'play', T0);
    await store.release(key);
    await store.release(key);
    expect(await store.claim(key, 'transfer', T0)).toEqual({ kind: 'claimed' });
  });
});

describe('the table idempotency', () => {
  it('forgets an answer when its key is claimed anew after a day', async () => {
    const store = createTableIdempotencyStore({ connectionString: tables.connectionString }, OPTIONS);
    const key = aKey();
    await store.claim(key, 'play', T0);
    await store.keep(key, ANSWER);
    expect(await store.claim(key, 'transfer', T0 + ANSWER_KEPT_MS)).toEqual({ kind: 'claimed' });
    expect(await store.claim(key, 'transfer', T0 + ANSWER_KEPT_MS)).toEqual({ kind: 'in progress' });
  });

  it('removes keys whose time is over, no more than it is asked to, and no others', async () => {
    const service = await startTables({ port: 0 });
    const store = createTableIdempotencyStore({ connectionString: service.connectionString }, OPTIONS);
    expect(await store.removeExpired(T0, 10), 'before there is a table').toBe(0);
    const old = Array.from({ length: 5 }, aKey);
    const young = aKey();
    for (const key of old) await store.claim(key, 'play', T0);
    await store.claim(young, 'play', T0 + 1);
    expect(await store.removeExpired(T0 + ANSWER_KEPT_MS, 3)).toBe(3);
    expect(await store.removeExpired(T0 + ANSWER_KEPT_MS, 10)).toBe(2);
    expect(await store.claim(young, 'play', T0 + 2)).toEqual({ kind: 'in progress' });
    await service.close();
    const away = createTableIdempotencyStore(
      { connectionString: service.connectionString },
      { ...OPTIONS, maxRetries: 0 },
    );
    await expect(away.claim(young, 'play', T0)).rejects.toThrow(CallStoreError);
  });
});
