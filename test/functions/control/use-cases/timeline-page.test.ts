import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TimelineEntry } from '../../../../functions/control/call/stores.ts';
import { timelinePage } from '../../../../functions/control/use-cases/timeline-page.ts';
import { aCall, CALL_ID, T0 } from '../../../support/calls.ts';
import { placedEntries } from '../../../support/memory-call-store.ts';

const DAY_MS = 86_400_000;

function entry(index: number, atMs: number): TimelineEntry {
  return { id: `e${index}`, atMs, source: 'acs', type: 'Something', details: {} };
}

/** A timeline that counts how often, and how much, it is read. */
function aTimeline(entries: readonly TimelineEntry[]) {
  const placed = placedEntries(entries);
  const cost = { reads: 0, entries: 0 };
  return {
    cost,
    inOrder: placed.map(({ entry: { id } }) => id),
    timelineBetween: async (callId: string, limit: number, { after = '', before = '~' }) => {
      expect(callId).toBe(CALL_ID);
      const read = placed.filter(({ place }) => place > after && place < before).slice(0, limit);
      cost.reads += 1;
      cost.entries += read.length;
      return read;
    },
  };
}

it('has every entry on one of its pages, in either direction, whatever the times of the entries are', async () => {
  const times = fc.array(
    fc.oneof(
      fc.integer({ min: T0 - 5, max: T0 + 5 }),
      fc.integer({ min: T0 - DAY_MS, max: T0 + DAY_MS }),
      fc.constantFrom(0, T0 + 60_000),
    ),
    { maxLength: 40 },
  );
  const endedAtMs = fc.option(fc.integer({ min: T0, max: T0 + DAY_MS }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(
      times,
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom('asc' as const, 'desc' as const),
      endedAtMs,
      async (atMs, limit, order, ended) => {
        const timeline = aTimeline(atMs.map((at, index) => entry(index, at)));
        const call = aCall(ended === undefined ? {} : { endedAtMs: ended });
        const heard: string[] = [];
        let page: Awaited<ReturnType<typeof timelinePage>> | undefined;
        do {
          const after = page?.next === undefined ? {} : { after: page.next };
          page = await timelinePage(timeline, call, { limit, order, ...after }, T0 + 1_000);
          expect(page.entries.length).toBeLessThanOrEqual(limit);
          heard.push(...page.entries.map(({ id }) => id));
        } while (page.next !== undefined);
        expect(heard).toEqual(order === 'asc' ? timeline.inOrder : timeline.inOrder.toReversed());
      },
    ),
    { numRuns: 200 },
  );
});

it('reads little more than the newest entries of a long timeline', async () => {
  const timeline = aTimeline(Array.from({ length: 20_000 }, (_, index) => entry(index, T0 + index * 500)));
  const query = { limit: 100, order: 'desc' } as const;
  const { entries } = await timelinePage(timeline, aCall(), query, T0 + 20_000 * 500);
  expect(entries.map(({ id }) => id)).toEqual(
    Array.from({ length: 100 }, (_, index) => `e${19_999 - index}`),
  );
  expect(timeline.cost.reads).toBeLessThanOrEqual(3);
  expect(timeline.cost.entries).toBeLessThanOrEqual(300);
});

it('reads a small part of a timeline whose many entries are long ago', async () => {
  const count = 60_000;
  const timeline = aTimeline(Array.from({ length: count }, (_, index) => entry(index, T0 + index * 20)));
  const nowMs = T0 + 4 * 3_600_000;
  const query = { limit: 10, order: 'desc' } as const;
  const first = await timelinePage(timeline, aCall(), query, nowMs);
  expect(first.entries.map(({ id }) => id)).toEqual(
    Array.from({ length: 10 }, (_, index) => `e${count - 1 - index}`),
  );
  expect(timeline.cost.entries, 'of 60,000').toBeLessThan(15_000);
  const moment = aTimeline(Array.from({ length: 2_500 }, (_, index) => entry(index, T0)));
  const all = await timelinePage(moment, aCall(), { limit: 3_000, order: 'desc' }, nowMs);
  expect(
    all.entries.map(({ id }) => id),
    'all of one moment',
  ).toEqual(moment.inOrder.toReversed());
});

it('finds the few entries of a quiet call in few steps', async () => {
  const timeline = aTimeline([entry(0, T0), entry(1, T0 + 1)]);
  const { entries, next } = await timelinePage(
    timeline,
    aCall(),
    { limit: 10, order: 'desc' },
    T0 + 4 * 3_600_000,
  );
  expect(entries.map(({ id }) => id)).toEqual(['e1', 'e0']);
  expect(next).toBeUndefined();
  expect(timeline.cost.reads).toBeLessThanOrEqual(10);
});
