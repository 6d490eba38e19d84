import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writePastCalls } from '../../../../../bench/control/past-calls.ts';
import {
  startTablesProxy,
  type TablesProxy,
  type TablesRequest,
} from '../../../../../bench/control/tables-proxy.ts';
import { connectionKey, PARTITIONS } from '../../../../../functions/control/adapters/tables/call-rows.ts';
import { createTableCallStore } from '../../../../../functions/control/adapters/tables/call-store.ts';
import { createTableIdempotencyStore } from '../../../../../functions/control/adapters/tables/idempotency-store.ts';
import type { CallPage } from '../../../../../functions/control/call/list.ts';
import type { Call } from '../../../../../functions/control/call/model.ts';
import { type CallStore, knowing } from '../../../../../functions/control/call/stores.ts';
import { type RunningTables, startTables } from '../../../../../local/emulators/storage/server.ts';
import { aCall, T0 } from '../../../../support/calls.ts';

const LIVE = 10;

let tables: RunningTables;
let proxy: TablesProxy;
let store: CallStore;
const asked: TablesRequest[] = [];
/** The answer of the next request of this kind does not arrive. */
let forgotten: TablesRequest | undefined;
let past = 0;

beforeAll(async () => {
  tables = await startTables({ port: 0 });
  const { port } = new URL(tables.url);
  proxy = await startTablesProxy({
    port: Number(port),
    onRequest: (request) => asked.push(request),
    forgets,
  });
  const connectionString = tables.connectionString.replace(`:${port}/`, `:${proxy.port}/`);
  store = createTableCallStore({ connectionString }, { allowInsecureConnection: true });
  for (let index = 0; index < LIVE; index += 1)
    await store.create(aCall({ callId: `live${index}`, phase: 'connected', receivedAtMs: T0 + index }));
});
afterAll(async () => {
  await proxy.close();
  await tables.close();
});

function forgets(request: TablesRequest): boolean {
  if (request !== forgotten) return false;
  forgotten = undefined;
  return true;
}

/** What is asked of table storage meanwhile. */
async function requestsOf(act: () => Promise<unknown>): Promise<TablesRequest[]> {
  asked.length = 0;
  await act();
  return [...asked];
}

const query: TablesRequest = 'query calls';
const oneEach: TablesRequest[] = PARTITIONS.map(() => query);

it.each([0, 40, 400])(
  'lists with one request for each partition beside %i calls of the past',
  async (count) => {
    await writePastCalls(tables.connectionString, past, count);
    past = count;
    expect(await requestsOf(() => store.list({ limit: 100 })), 'calls that go on').toEqual(oneEach);
    expect((await store.list({ limit: 100 })).calls, 'calls that go on').toHaveLength(LIVE);
    const filtered = { limit: 5, state: 'connected', route: 'everyone', direction: 'inbound' } as const;
    expect(await requestsOf(() => store.list(filtered)), 'filtered').toEqual(oneEach);
    expect(await requestsOf(() => store.countLive('everyone', 5)), 'counted').toEqual(oneEach);
    expect(await requestsOf(() => store.list({ limit: 5, state: 'ended' })), 'of the past').toEqual(oneEach);
    const { next } = await store.list({ limit: 5 });
    const after = next ?? 'no cursor';
    expect(await requestsOf(() => store.list({ limit: 5, after })), 'the second page').toEqual(oneEach);
  },
);

it('looks through a bounded number of past calls in a request, and finds all that match page by page', async () => {
  // Two calls of each time, the newest first, and those that match at both ends.
  const calls = Array.from({ length: 60 }, (_, index) =>
    aCall({
      callId: `scanned${index.toString().padStart(2, '0')}`,
      route: index < 2 || index > 56 ? 'rare' : 'everyone',
      phase: 'ended',
      endedAtMs: 2_000 - Math.floor(index / 2),
    }),
  );
  await Promise.all(calls.map((call) => store.create(call)));
  const rare = calls.filter(({ route }) => route === 'rare').map(({ callId }) => callId);
  const connectionString = tables.connectionString.replace(
    `:${new URL(tables.url).port}/`,
    `:${proxy.port}/`,
  );
  const few = createTableCallStore({ connectionString }, { allowInsecureConnection: true, lookedAt: 3 });
  const query = { state: 'ended', route: 'rare', after: '2001_a' } as const;
  for (const limit of [1, 100]) {
    const pages: string[][] = [];
    let after: string | undefined = query.after;
    while (after !== undefined && pages.length < 60) {
      asked.length = 0;
      const page: CallPage = await few.list({ ...query, limit, after });
      expect(asked).toEqual([...oneEach, ...oneEach]);
      pages.push(page.calls.map(({ callId }) => callId));
      after = page.next;
    }
    expect(after, 'the last page').toBeUndefined();
    expect(pages.flat(), `${limit} at a time`).toEqual(rare);
    expect(pages.slice(0, -1), 'a page without a match goes on').toContainEqual([]);
  }
  expect(await store.list({ ...query, limit: 2 })).toMatchObject({
    calls: [{ callId: rare[0] }, { callId: rare[1] }],
    next: '2000_scanned01',
  });
});

it('changes a call that has just been read without reading it again, unless others have changed it since', async () => {
  const hold = (call: Call): { call: Call } => ({ call: { ...call, held: call.held + 1 } });
  const before = (await store.get('live2')) ?? expect.unreachable('it is stored');
  const change = (): Promise<unknown> => knowing(store, before).update('live2', hold);
  expect(await requestsOf(change)).toEqual(['transaction calls']);
  expect(await requestsOf(change), 'by now its version is an old one').toEqual([
    'transaction calls',
    'read calls',
    'transaction calls',
  ]);
  expect((await store.get('live2'))?.held).toBe(before.held + 2);
  const both = knowing(store, before);
  expect(await requestsOf(() => both.get('live2')), 'the first look').toEqual([]);
  expect(await requestsOf(() => both.get('live2')), 'the second').toEqual(['read calls']);
  const other = knowing(store, before);
  expect(await requestsOf(() => other.get('live3')), 'at another call').toEqual(['read calls']);
});

it('removes the longest timeline by and by, and its call with the last of it', async () => {
  await store.create(aCall({ callId: 'long', phase: 'ended', endedAtMs: 1 }));
  for (let index = 0; index < 130; index += 1)
    await store.appendTimeline('long', { id: `e${index}`, atMs: 1, source: 'api', type: 'X', details: {} });
  let asked = 0;
  const once = (): boolean => {
    asked += 1;
    return asked === 1;
  };
  expect(await store.removeEnded(2, 1, once)).toEqual([]);
  expect(await store.get('long')).toBeDefined();
  expect(await store.timeline('long', 1_000)).toHaveLength(30);
  expect(await store.removeEnded(2, 1)).toEqual(['long']);
  expect(await store.get('long')).toBeUndefined();
});

it('finds the call of a connection with one request for each partition and one for the call', async () => {
  const callConnectionId = 'a connection';
  await store.create(aCall({ callId: 'found', phase: 'connected', callConnectionId }));
  const reads: TablesRequest[] = [...PARTITIONS.map((): TablesRequest => 'read calls'), 'read calls'];
  expect(await requestsOf(() => store.list({ limit: 5, callConnectionId }))).toEqual(reads);
});

it('removes a call that was stored before connections had rows', async () => {
  const callConnectionId = 'an old connection';
  await store.create(aCall({ callId: 'old', phase: 'ended', endedAtMs: 1, callConnectionId }));
  const rows = TableClient.fromConnectionString(tables.connectionString, 'calls', {
    allowInsecureConnection: true,
  });
  const rowKey = connectionKey(callConnectionId);
  for (const partition of PARTITIONS) await rows.deleteEntity(partition, rowKey).catch(() => {});
  expect(await store.removeEnded(2, 1)).toEqual(['old']);
  expect(await store.get('old')).toBeUndefined();
});

it('reads a call with one request, and changes it with two', async () => {
  expect(await requestsOf(() => store.get('live1'))).toEqual(['read calls']);
  const change = requestsOf(() =>
    store.update('live1', (call) => ({ call: { ...call, held: call.held + 1 } })),
  );
  expect(await change).toEqual(['read calls', 'transaction calls']);
  expect(await requestsOf(() => store.update('live1', (call) => ({ call }))), 'nothing to change').toEqual([
    'read calls',
  ]);
});

describe('a change whose answer is lost', () => {
  beforeEach(() => {
    forgotten = 'transaction calls';
  });

  it('is found to be made, and not made again', async () => {
    let changes = 0;
    const changed = await store.update('live4', (call) => {
      changes += 1;
      return { call: { ...call, held: call.held + 1 }, changes };
    });
    expect(changed).toMatchObject({ changes: 1, call: { held: 1 } });
    expect((await store.get('live4'))?.held).toBe(1);
  });

  it('is allowed to a worker that it takes off the call', async () => {
    const before = (await store.get('live5')) ?? expect.unreachable('it is stored');
    const workers = before.plan.workers.slice(1);
    const refusalIn = ({ workers: now }: Call): Error | undefined =>
      now === undefined ? undefined : new Error('the worker is not on the call');
    const changed = await knowing(store, before, refusalIn).update('live5', (call) => ({
      call: { ...call, workers },
    }));
    expect(changed?.call.workers).toEqual(workers);
  });

  it('is tried again when another one came in between', async () => {
    const other = createTableCallStore(
      { connectionString: tables.connectionString },
      { allowInsecureConnection: true },
    );
    let changes = 0;
    const before = (await store.get('live6')) ?? expect.unreachable('it is stored');
    await other.update('live6', (call) => ({ call: { ...call, held: 7 } }));
    const hold = (call: Call): { call: Call } => {
      changes += 1;
      return { call: { ...call, held: call.held + 1 } };
    };
    expect((await store.update('live6', hold, before))?.call.held).toBe(8);
    expect(changes).toBe(2);
  });

  it('claims a key for the one that has claimed it', async () => {
    forgotten = 'insert idempotency';
    const connectionString = tables.connectionString.replace(
      `:${new URL(tables.url).port}/`,
      `:${proxy.port}/`,
    );
    const keys = createTableIdempotencyStore({ connectionString }, { allowInsecureConnection: true });
    await keys.claim('ab', 'warm', T0);
    forgotten = 'insert idempotency';
    expect(await keys.claim('aa', 'play', T0)).toEqual({ kind: 'claimed' });
    expect(forgotten, 'an answer was lost').toBeUndefined();
    expect(await keys.claim('aa', 'play', T0)).toEqual({ kind: 'in progress' });
  });
});

it('throws what a change throws, and does not blame storage', async () => {
  const mistake = new RangeError('no such state');
  const change = (): never => {
    throw mistake;
  };
  await expect(store.update('live1', change)).rejects.toBe(mistake);
});
