import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StreamPlaces } from '../../../../functions/control/access/stream-places.ts';
import {
  formatPosition,
  hasNews,
  parsePosition,
  timelineEvents,
} from '../../../../functions/control/api/timeline-events.ts';
import type { TimelineEntry } from '../../../../functions/control/call/stores.ts';
import { aCall, CALL_ID, T0 } from '../../../support/calls.ts';
import { placedEntries } from '../../../support/memory-call-store.ts';

interface Arrival {
  /** When it happened, and how much later it is stored, in milliseconds from the beginning. */
  readonly happensMs: number;
  readonly lateMs: number;
}

/** A timeline to which entries are added as time goes by, and who listens to it by one stream after another. */
class Listening {
  readonly heard: string[] = [];
  #nowMs = T0;
  readonly #entries: readonly (TimelineEntry & { readonly storedMs: number })[];
  readonly #endMs: number;

  constructor(arrivals: readonly Arrival[]) {
    this.#entries = arrivals.map(({ happensMs, lateMs }, index) => ({
      id: `e${index}`,
      atMs: T0 + happensMs,
      source: 'acs',
      type: 'Something',
      details: {},
      storedMs: T0 + happensMs + lateMs,
    }));
    this.#endMs = Math.max(T0, ...this.#entries.map(({ storedMs }) => storedMs)) + 1;
  }

  /** Listens to the end of the call; each stream is left after so many events, and opened again. */
  async listen(leaveAfter: readonly number[]): Promise<void> {
    let lastId: string | undefined;
    for (let streams = 0; streams < 200; streams += 1) {
      const patience = leaveAfter[streams] ?? Number.POSITIVE_INFINITY;
      let events = 0;
      for await (const text of this.#open(lastId)) {
        if (text.startsWith('event: end')) return;
        const [, id, data] = /^id: (.*)\ndata: (.*)/.exec(text) ?? [];
        if (id === undefined || data === undefined) continue;
        lastId = id;
        this.heard.push((JSON.parse(data) as { id: string }).id);
        events += 1;
        if (events >= patience) break;
      }
    }
    throw new Error('the stream does not come to its end');
  }

  #isStored(id: string): boolean {
    return this.#entries.some((entry) => entry.id === id && entry.storedMs <= this.#nowMs);
  }

  #open(lastId: string | undefined): AsyncGenerator<string> {
    const now = (): number => this.#nowMs;
    return timelineEvents(
      {
        callId: CALL_ID,
        transcripts: false,
        store: {
          get: async () => aCall({ phase: now() >= this.#endMs ? 'ended' : 'connected' }),
          timelineBetween: async (_, limit, { after = '' }) =>
            placedEntries(this.#entries)
              .filter(({ place, entry }) => place > after && this.#isStored(entry.id))
              .slice(0, limit),
        },
        clock: {
          now,
          sleep: async (ms) => {
            this.#nowMs += ms;
          },
        },
        place: new StreamPlaces().take({ id: 'reader', isWorker: false }, 0),
        mayRead: () => true,
        log: { info: () => {}, warn: () => {}, error: () => {} },
      },
      lastId === undefined ? undefined : parsePosition(lastId),
    );
  }
}

const happens = fc.nat(20_000);
const cuts = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 12 });

it('whoever comes back again and again hears everything, however late it is stored', async () => {
  const arrivals = fc.array(fc.record({ happensMs: happens, lateMs: fc.nat(30_000) }), { maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(arrivals, cuts, async (list, leaveAfter) => {
      const listening = new Listening(list);
      await listening.listen(leaveAfter);
      expect(new Set(listening.heard)).toEqual(new Set(list.map((_, index) => `e${index}`)));
    }),
    { numRuns: 150 },
  );
});

it('hears nothing twice where everything is stored as it happens', async () => {
  const arrivals = fc.uniqueArray(happens, { maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(arrivals, cuts, async (list, leaveAfter) => {
      const listening = new Listening(list.map((happensMs) => ({ happensMs, lateMs: 0 })));
      await listening.listen(leaveAfter);
      expect(listening.heard).toHaveLength(list.length);
      const inTime = list.map((atMs, index) => ({ atMs, id: `e${index}` })).sort((a, b) => a.atMs - b.atMs);
      expect(listening.heard).toEqual(inTime.map(({ id }) => id));
    }),
    { numRuns: 150 },
  );
});

it('comes to what is behind twelve thousand entries of a few minutes, and goes on from there', async () => {
  const entries = Array.from({ length: 12_000 }, (_, index): TimelineEntry => {
    const isLast = index === 11_999;
    const type = isLast ? 'HangUpRequested' : 'OperationRequested';
    return { id: `e${index}`, atMs: T0 + index * 25, source: 'api', type, details: {} };
  });
  const placed = placedEntries(entries);
  let nowMs = T0 + 300_000;
  let phase: 'connected' | 'ended' = 'ended';
  let rows = 0;
  const stream = (from?: string): AsyncGenerator<string> =>
    timelineEvents(
      {
        callId: CALL_ID,
        transcripts: false,
        store: {
          get: async () => aCall({ phase }),
          timelineBetween: async (_, limit, { after = '' }) => {
            const at = placed.findIndex(({ place }) => place > after);
            const page = at < 0 ? [] : placed.slice(at, at + limit);
            rows += page.length;
            return page;
          },
        },
        clock: {
          now: () => nowMs,
          sleep: async (ms) => {
            nowMs += ms;
          },
        },
        mayRead: () => true,
        place: new StreamPlaces().take({ id: 'reader', isWorker: false }, 0),
        log: { info: () => {}, warn: () => {}, error: () => {} },
      },
      from === undefined ? undefined : parsePosition(from),
    );
  const events: string[] = [];
  for await (const text of stream()) if (text.startsWith('id: ')) events.push(text);
  expect(events).toHaveLength(12_000);
  expect(events.at(-1)).toContain('HangUpRequested');
  const [, lastButOne] = /^id: (.*)/.exec(events.at(-2) ?? '') ?? [];
  const rest: string[] = [];
  for await (const text of stream(lastButOne)) if (text.startsWith('id: ')) rest.push(text);
  expect(rest).toEqual(events.slice(-1));
  phase = 'connected';
  rows = 0;
  for await (const text of stream(lastButOne)) if (text.startsWith(': still here')) break;
  expect(rows, 'until the first sign of life, while nothing happens').toBeLessThan(100_000);
});

it('a position is written as it is read, and nothing else is one', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.nat(9_999), (newestMs, sent) => {
      expect(parsePosition(formatPosition({ newestMs, sent }))).toEqual({ newestMs, sent });
    }),
  );
  for (const text of ['', '.', '1.', '.1', '1.2.3', '-1.2', '1.-2', ' 1.2', '1e3.2', '9'.repeat(16)])
    expect(parsePosition(text), text).toBeUndefined();
});

it('reads one page of the longest timeline to tell whether a client at its beginning has missed anything', async () => {
  const entries = Array.from({ length: 5_000 }, (_, index): TimelineEntry => {
    return { id: `e${index}`, atMs: T0 + index, source: 'api', type: 'OperationRequested', details: {} };
  });
  let pages = 0;
  const store = {
    get: async () => aCall({ phase: 'ended' }),
    timelineBetween: async (_: string, limit: number, { after = '' }: { readonly after?: string }) => {
      pages += 1;
      return placedEntries(entries)
        .filter(({ place }) => place > after)
        .slice(0, limit);
    },
  };
  expect(await hasNews({ callId: CALL_ID, transcripts: false, store }, { newestMs: 0, sent: 0 })).toBe(true);
  expect(pages).toBe(1);
  const all = { newestMs: T0 + 4_999, sent: 5_000 };
  expect(await hasNews({ callId: CALL_ID, transcripts: false, store }, all), 'nothing').toBe(false);
});
