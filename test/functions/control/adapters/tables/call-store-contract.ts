import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { CallQuery } from '../../../../../functions/control/call/list.ts';
import type { Call } from '../../../../../functions/control/call/model.ts';
import { formatCallId } from '../../../../../functions/control/call/model.ts';
import {
  type CallStore,
  placeAt,
  type TimelineEntry,
  TRANSCRIPT,
  timeOfPlace,
} from '../../../../../functions/control/call/stores.ts';
import { confirmEnd } from '../../../../../functions/control/call/time.ts';
import { TIMELINE_PLACE_PATTERN } from '../../../../../shared/wire/names.ts';
import { aCall, T0 } from '../../../../support/calls.ts';

let calls = 0;

function aNewCallId(): string {
  calls += 1;
  return formatCallId(createHash('sha256').update(`contract ${calls}`).digest());
}

function anEnded(call: Call, endedAtMs: number): Call {
  return { ...call, phase: 'ended', endedAtMs };
}

function entry(id: string, atMs: number): TimelineEntry {
  return { id, atMs, source: 'acs', type: 'CallConnected', details: { code: 200 } };
}

/** What every call store does. `open` gives one that holds no calls. */
export function callStoreContract(name: string, open: () => Promise<CallStore>): void {
  describe(name, () => {
    it('gives back a call as it was stored', async () => {
      const store = await open();
      const call = aCall({ callId: aNewCallId(), callConnectionId: 'c', seenEvents: ['a', 'b/#?'] });
      expect(await store.create(call)).toBe(true);
      expect(await store.get(call.callId)).toEqual(call);
    });

    it('knows nothing of calls and timelines that were never stored, even before its tables exist', async () => {
      const store = await open();
      expect(await store.get(aNewCallId())).toBeUndefined();
      expect(await store.update(aNewCallId(), (call) => ({ call }))).toBeUndefined();
      expect(await store.listLive(10)).toEqual([]);
      expect(await store.timeline(aNewCallId(), 10)).toEqual([]);
    });

    it('creates a call once, whoever comes first', async () => {
      const store = await open();
      const callId = aNewCallId();
      const created = await Promise.all(
        ['a', 'b', 'c', 'd'].map((route) => store.create(aCall({ callId, route }))),
      );
      expect(created.filter(Boolean)).toHaveLength(1);
    });

    it('gives live calls page by page, though calls come and end between two pages', async () => {
      const store = await open();
      const ids = Array.from({ length: 7 }, aNewCallId);
      for (const [index, callId] of ids.entries())
        await store.create(aCall({ callId, receivedAtMs: T0 + Math.floor(index / 2) }));
      const whole = (await store.list({ limit: 10 })).calls.map(({ callId }) => callId);
      const first = await store.list({ limit: 3 });
      await store.create(aCall({ callId: aNewCallId(), receivedAtMs: T0 + 100 }));
      await store.update(whole[0] ?? '', (call) => ({ call: anEnded(call, T0 + 200) }));
      const second = await store.list({ limit: 3, after: first.next ?? '' });
      const third = await store.list({ limit: 3, after: second.next ?? '' });
      const paged = [first, second, third].flatMap(({ calls }) => calls.map(({ callId }) => callId));
      expect(paged).toEqual(whole);
      expect(third.next).toBeUndefined();
    });

    it('filters calls by state, route and direction', async () => {
      const store = await open();
      const [ringing, connected, outbound] = [aNewCallId(), aNewCallId(), aNewCallId()];
      await store.create(aCall({ callId: ringing, phase: 'ringing', route: 'a' }));
      await store.create(aCall({ callId: connected, phase: 'connected', route: 'b' }));
      await store.create(aCall({ callId: outbound, phase: 'connected', route: 'b', direction: 'outbound' }));
      const ids = async (query: Partial<CallQuery>): Promise<string[]> =>
        (await store.list({ limit: 10, ...query })).calls.map(({ callId }) => callId).sort();
      expect(await ids({ state: 'ringing' })).toEqual([ringing]);
      expect(await ids({ route: 'b' })).toEqual([connected, outbound].sort());
      expect(await ids({ route: 'b', direction: 'outbound' })).toEqual([outbound]);
      expect(await ids({ state: 'ended' })).toEqual([]);
    });

    it('finds the call of a connection, from when it is known, live or past', async () => {
      const store = await open();
      const [callId, other] = [aNewCallId(), aNewCallId()];
      const callConnectionId = `a/b#${callId}`;
      await store.create(aCall({ callId }));
      await store.create(aCall({ callId: other, phase: 'connected', callConnectionId: `other ${callId}` }));
      const found = async (more: Partial<CallQuery> = {}): Promise<readonly string[]> =>
        (await store.list({ limit: 10, callConnectionId, ...more })).calls.map((call) => call.callId);
      expect(await found()).toEqual([]);
      await store.update(callId, (call) => ({ call: { ...call, phase: 'connected', callConnectionId } }));
      expect(await found()).toEqual([callId]);
      expect(await found({ state: 'ended' })).toEqual([]);
      await store.update(callId, (call) => ({ call: anEnded(call, T0 + 1) }));
      expect(await found()).toEqual([callId]);
      expect(await found({ state: 'ended' })).toEqual([callId]);
      expect(await found({ state: 'connected' })).toEqual([]);
      expect(await found({ route: 'another' })).toEqual([]);
      const another = { callConnectionId: `other ${callId}` };
      expect(await found(another), 'known when it was stored').toEqual([other]);
      await store.removeEnded(T0 + 2, 100);
      expect(await found()).toEqual([]);
    });

    it('lists calls of the past by when they ended, the last first', async () => {
      const store = await open();
      const ids = Array.from({ length: 4 }, aNewCallId);
      for (const [index, callId] of ids.entries()) {
        await store.create(aCall({ callId, receivedAtMs: T0 + index }));
        await store.update(callId, (call) => ({ call: anEnded(call, T0 + 1_000 - index) }));
      }
      const first = await store.list({ state: 'ended', limit: 3 });
      const second = await store.list({ state: 'ended', limit: 3, after: first.next ?? '' });
      expect([...first.calls, ...second.calls].map(({ callId }) => callId)).toEqual(ids);
    });

    it('removes calls that ended before a time, with their timelines, and no others', async () => {
      const store = await open();
      const [old, recent, live] = [aNewCallId(), aNewCallId(), aNewCallId()];
      for (const callId of [old, recent, live]) {
        await store.create(aCall({ callId, receivedAtMs: T0 - 1_000_000 }));
        for (let index = 0; index < 130; index += 1)
          await store.appendTimeline(callId, entry(`e${index}`, T0 + index));
      }
      await store.update(old, (call) => ({ call: anEnded(call, T0) }));
      await store.update(recent, (call) => ({ call: anEnded(call, T0 + 2_000) }));
      expect(await store.removeEnded(T0 + 1_000, 100, () => false), 'its time is over').toEqual([]);
      expect(await store.get(old)).toBeDefined();
      expect(await store.removeEnded(T0 + 1_000, 100)).toEqual([old]);
      expect(await store.removeEnded(T0 + 1_000, 100)).toEqual([]);
      expect(await store.get(old)).toBeUndefined();
      expect(await store.timeline(old, 10)).toEqual([]);
      expect(await store.get(recent)).toBeDefined();
      expect(await store.timeline(recent, 1_000)).toHaveLength(130);
      expect((await store.listLive(10)).map(({ callId }) => callId)).toEqual([live]);
    });

    it('lists the calls whose end is unconfirmed, those that ended last first, within a time', async () => {
      const store = await open();
      const ids: string[] = [];
      for (let index = 0; index < 12; index += 1) {
        const call = aCall({ callId: aNewCallId() });
        ids.push(call.callId);
        await store.create(call);
        await store.update(call.callId, (now) => ({
          call: { ...anEnded(now, T0 + index), ...(index === 5 ? {} : { endUnconfirmed: true as const }) },
        }));
      }
      const [, first = '', ...rest] = ids;
      const listed = async (limit: number): Promise<readonly string[]> => {
        const range = { endedFromMs: T0 + 1, endedToMs: T0 + 10, limit };
        return (await store.listUnconfirmed(range)).map(({ callId }) => callId);
      };
      const expected = [first, ...rest.slice(0, -1)].filter((id) => id !== ids[5]).reverse();
      expect(await listed(100)).toEqual(expected);
      expect(await listed(3)).toEqual(expected.slice(0, 3));
      await store.update(first, (now) => ({ call: confirmEnd(now) }));
      expect(await listed(100)).toEqual(expected.slice(0, -1));
    });

    it('counts the live calls of a route, no further than it is asked to', async () => {
      const store = await open();
      const route = "Bob's desk";
      for (let index = 0; index < 5; index += 1) await store.create(aCall({ callId: aNewCallId(), route }));
      const over = aCall({ callId: aNewCallId(), route, phase: 'ended' });
      await store.create(over);
      await store.create(aCall({ callId: aNewCallId(), route: 'another' }));
      expect(await store.countLive(route, 100)).toBe(5);
      expect(await store.countLive(route, 3)).toBe(3);
      expect(await store.countLive('none', 100)).toBe(0);
    });

    it('does not bring an ended call back to life when it is created again', async () => {
      const store = await open();
      const call = aCall({ callId: aNewCallId() });
      await store.create(call);
      await store.update(call.callId, (now) => ({ call: { ...now, phase: 'ended' as const } }));
      expect(await store.create(call)).toBe(false);
      expect((await store.get(call.callId))?.phase).toBe('ended');
      expect(await store.listLive(10)).toEqual([]);
    });

    it('loses no change when several are made at the same time', async () => {
      const store = await open();
      const call = aCall({ callId: aNewCallId() });
      await store.create(call);
      const names = ['a', 'b', 'c', 'd', 'e'];
      await Promise.all(
        names.map((id) =>
          store.update(call.callId, (now) => ({ call: { ...now, seenEvents: [...now.seenEvents, id] } })),
        ),
      );
      expect([...((await store.get(call.callId))?.seenEvents ?? [])].sort()).toEqual(names);
    });

    it('returns what the last change returned, besides the call', async () => {
      const store = await open();
      const call = aCall({ callId: aNewCallId() });
      await store.create(call);
      const result = await store.update(call.callId, (now) => ({ call: now, note: 'kept' }));
      expect(result?.note).toBe('kept');
    });

    it('lists the calls that have not ended, the newest first, at most as many as asked for', async () => {
      const store = await open();
      const stored: Call[] = [];
      for (let index = 0; index < 12; index += 1) {
        const call = aCall({ callId: aNewCallId(), receivedAtMs: T0 + index });
        await store.create(call);
        stored.unshift(call);
      }
      const [newest, second, ...rest] = stored.map(({ callId }) => callId);
      await store.update(second ?? '', (now) => ({ call: { ...now, phase: 'ended' as const } }));
      const listed = await store.listLive(100);
      expect(listed.map(({ callId }) => callId)).toEqual([newest, ...rest]);
      expect((await store.listLive(3)).map(({ callId }) => callId)).toEqual([newest, ...rest.slice(0, 2)]);
    });

    it('shows changes of a call in the list', async () => {
      const store = await open();
      const call = aCall({ callId: aNewCallId() });
      await store.create(call);
      await store.update(call.callId, (now) => ({ call: { ...now, phase: 'connected' as const } }));
      expect((await store.listLive(10)).map(({ phase }) => phase)).toEqual(['connected']);
    });

    it('keeps a timeline in the order of time, each entry once', async () => {
      const store = await open();
      const callId = aNewCallId();
      await store.appendTimeline(callId, entry('late/one', T0 + 2));
      await store.appendTimeline(callId, entry('early?#', T0 - 5));
      await Promise.all([1, 2, 3].map(() => store.appendTimeline(callId, entry('middle', T0 + 1))));
      const timeline = await store.timeline(callId, 100);
      expect(timeline).toEqual([
        entry('early?#', T0 - 5),
        entry('middle', T0 + 1),
        entry('late/one', T0 + 2),
      ]);
      expect(await store.timeline(callId, 2)).toHaveLength(2);
    });

    it('adds entries to a timeline together, and replaces those that are there', async () => {
      const store = await open();
      const callId = aNewCallId();
      await store.putTimeline(callId, [entry('a/#', T0), entry('b', T0 + 1)]);
      const more = { ...entry('a/#', T0), details: { count: 2 } };
      await store.putTimeline(callId, [entry('c', T0 + 2), more, more]);
      expect(await store.timeline(callId, 10)).toEqual([more, entry('b', T0 + 1), entry('c', T0 + 2)]);
    });

    it('leaves what somebody said out of a timeline, unless it is asked for it', async () => {
      const store = await open();
      const callId = aNewCallId();
      const spoken = { ...entry('spoken', T0), type: TRANSCRIPT };
      await store.putTimeline(callId, [spoken, entry('a', T0 + 1), entry('b', T0 + 2)]);
      expect(await store.timeline(callId, 1)).toEqual([entry('a', T0 + 1)]);
      const read = async (transcripts?: boolean): Promise<readonly string[]> =>
        (await store.timelineBetween(callId, 2, transcripts === undefined ? {} : { transcripts })).map(
          (each) => each.entry.id,
        );
      expect(await read()).toEqual(['a', 'b']);
      expect(await read(true)).toEqual(['spoken', 'a']);
    });

    it('reads a part of a timeline, after a place and before another', async () => {
      const store = await open();
      const callId = aNewCallId();
      const entries = [-1, 0, 0, 1, 2].map((ms, index) => entry(`e${index}`, T0 + ms));
      for (const each of entries) await store.appendTimeline(callId, each);
      const all = await store.timelineBetween(callId, 10, {});
      expect(all.map((each) => each.entry.atMs - T0)).toEqual([-1, 0, 0, 1, 2]);
      for (const { place, entry: placed } of all) {
        expect(place).toMatch(TIMELINE_PLACE_PATTERN);
        expect(timeOfPlace(place)).toBe(placed.atMs);
      }
      const [, second, third, fourth] = all.map(({ place }) => place);
      expect(await store.timelineBetween(callId, 10, { after: second ?? '' })).toEqual(all.slice(2));
      expect(await store.timelineBetween(callId, 1, { after: second ?? '' })).toEqual(all.slice(2, 3));
      expect(
        await store.timelineBetween(callId, 10, { after: second ?? '', before: fourth ?? '' }),
      ).toMatchObject([{ place: third }]);
      expect(await store.timelineBetween(callId, 10, { after: placeAt(T0) })).toEqual(all.slice(1));
      expect(await store.timelineBetween(callId, 10, { before: placeAt(T0) })).toEqual(all.slice(0, 1));
    });

    it('keeps the timelines of calls apart', async () => {
      const store = await open();
      const [one, other] = [aNewCallId(), aNewCallId()];
      await store.appendTimeline(one, entry('a', T0));
      expect(await store.timeline(other, 10)).toEqual([]);
    });
  });
}
