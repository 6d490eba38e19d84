import { expect, it } from 'vitest';
import type { TimelineEntry } from '../../../../functions/control/call/stores.ts';
import { MessageEntries } from '../../../../functions/control/use-cases/message-entries.ts';
import { CALL_ID, T0 } from '../../../support/calls.ts';

const FOLD_MS = 60_000;

const OTHER_ID = 'b'.repeat(32);

/** Messages, and the rows of their timelines; a write takes until `go` if it is given. */
function setUp(go: Promise<void> = Promise.resolve()) {
  const rows = new Map<string, TimelineEntry & { callId: string }>();
  const state = { writes: 0, fails: false };
  let ids = 0;
  const messages = new MessageEntries({
    store: {
      putTimeline: async (callId, entries) => {
        state.writes += 1;
        await go;
        if (state.fails) throw new Error('storage is away');
        for (const entry of entries) rows.set(`${callId} ${entry.atMs} ${entry.id}`, { ...entry, callId });
      },
    },
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
  });
  return { messages, state, entries: () => [...rows.values()] };
}

it('enters a message as it is, and those that follow to the same worker with it', async () => {
  const { messages, entries } = setUp();
  await messages.add(CALL_ID, 'robot', T0);
  const first = { callId: CALL_ID, id: 'id-1', atMs: T0, source: 'api', type: 'MessageSent' };
  expect(entries()).toEqual([{ ...first, details: { worker: 'robot' } }]);
  await messages.add(CALL_ID, 'robot', T0 + 1);
  await messages.add(CALL_ID, 'robot', T0 + FOLD_MS - 1);
  expect(entries()).toEqual([
    { ...first, details: { worker: 'robot', count: 3, lastAtMs: T0 + FOLD_MS - 1 } },
  ]);
});

it('begins another entry after a minute, for another worker, and for another call', async () => {
  const { messages, entries } = setUp();
  await messages.add(CALL_ID, 'robot', T0);
  await messages.add(CALL_ID, 'parrot', T0 + 1);
  await messages.add(CALL_ID, undefined, T0 + 2);
  await messages.add(OTHER_ID, 'robot', T0 + 3);
  await messages.add(CALL_ID, 'robot', T0 + FOLD_MS);
  await messages.add(CALL_ID, 'parrot', T0 + FOLD_MS);
  expect(entries().map(({ callId, atMs, details }) => [callId, atMs - T0, details])).toEqual([
    [CALL_ID, 0, { worker: 'robot' }],
    [CALL_ID, 1, { worker: 'parrot', count: 2, lastAtMs: T0 + FOLD_MS }],
    [CALL_ID, 2, {}],
    [OTHER_ID, 3, { worker: 'robot' }],
    [CALL_ID, FOLD_MS, { worker: 'robot' }],
  ]);
});

it('has few entries in a call however many workers are named', async () => {
  const { messages, entries } = setUp();
  for (let n = 0; n < 1_000; n += 1) await messages.add(CALL_ID, `worker-${n}`, T0 + n);
  expect(entries()).toHaveLength(17);
  expect(entries().at(-1)).toMatchObject({ details: { count: 984, lastAtMs: T0 + 999 } });
  expect(entries().at(-1)?.details).not.toHaveProperty('worker');
});

it('counts every message of many at once, with few writes', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { messages, state, entries } = setUp(promise);
  const added = Array.from({ length: 100 }, (_, n) => messages.add(CALL_ID, 'robot', T0 + n));
  resolve();
  await Promise.all(added);
  expect(entries()).toMatchObject([{ details: { count: 100, lastAtMs: T0 + 99 } }]);
  expect(state.writes).toBeLessThanOrEqual(2);
});

it('says so when a message could not be entered, and counts it with the next', async () => {
  const { messages, state, entries } = setUp();
  state.fails = true;
  await expect(messages.add(CALL_ID, 'robot', T0)).rejects.toThrow('storage is away');
  state.fails = false;
  await messages.add(CALL_ID, 'robot', T0 + 1);
  expect(entries()).toMatchObject([{ atMs: T0, details: { count: 2, lastAtMs: T0 + 1 } }]);
});
