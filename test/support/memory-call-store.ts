import { type CallPage, type CallQuery, pageOfCalls } from '../../functions/control/call/list.ts';
import type { Call } from '../../functions/control/call/model.ts';
import {
  type CallStore,
  CallStoreError,
  type PlacedEntry,
  placeAt,
  type TimelineEntry,
  TRANSCRIPT,
} from '../../functions/control/call/stores.ts';

const MAX_CONFLICTS = 8;

/** Entries with their places, in order of time, and as given among entries of the same time. */
export function placedEntries(entries: readonly TimelineEntry[]): PlacedEntry[] {
  return entries
    .map((entry, index) => ({
      place: `${placeAt(entry.atMs)}-${index.toString(16).padStart(32, '0')}`,
      entry,
    }))
    .sort((a, b) => (a.place < b.place ? -1 : 1));
}

/** Calls in memory, stored as JSON as in a table, with the same rules: versions, conflicts, entries written once. */
export class MemoryCallStore implements CallStore {
  readonly #rows = new Map<string, { json: string; version: number }>();
  readonly #timelines = new Map<string, Map<string, TimelineEntry>>();
  /** Set to make every operation fail, as when storage cannot be reached. */
  outage = false;

  async create(call: Call): Promise<boolean> {
    await this.#travel();
    if (this.#rows.has(call.callId)) return false;
    this.#rows.set(call.callId, { json: JSON.stringify(call), version: 1 });
    return true;
  }

  async get(callId: string): Promise<Call | undefined> {
    await this.#travel();
    const row = this.#rows.get(callId);
    return row === undefined ? undefined : (JSON.parse(row.json) as Call);
  }

  async update<Result extends { readonly call: Call }>(
    callId: string,
    change: (call: Call) => Result,
    known?: Call,
  ): Promise<Result | undefined> {
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      await this.#travel();
      const row = this.#rows.get(callId);
      if (row === undefined) return undefined;
      // A row has the same text only in the same version.
      const isKnown = conflicts === 0 && known !== undefined && JSON.stringify(known) === row.json;
      const before = isKnown ? known : (JSON.parse(row.json) as Call);
      const result = change(before);
      if (result.call === before) return result;
      await this.#travel();
      if (this.#rows.get(callId)?.version !== row.version) continue;
      this.#rows.set(callId, { json: JSON.stringify(result.call), version: row.version + 1 });
      return result;
    }
    throw new CallStoreError('too many conflicts');
  }

  async listLive(limit: number): Promise<readonly Call[]> {
    await this.#travel();
    return [...this.#rows.values()]
      .map(({ json }) => JSON.parse(json) as Call)
      .filter(({ phase }) => phase !== 'ended')
      .sort((a, b) => b.receivedAtMs - a.receivedAtMs)
      .slice(0, limit);
  }

  async list(query: CallQuery): Promise<CallPage> {
    await this.#travel();
    const calls = [...this.#rows.values()].map(({ json }) => JSON.parse(json) as Call);
    return pageOfCalls(calls, query);
  }

  async listUnconfirmed({
    endedFromMs,
    endedToMs,
    limit,
  }: Parameters<CallStore['listUnconfirmed']>[0]): Promise<readonly Call[]> {
    await this.#travel();
    return [...this.#rows.values()]
      .map(({ json }) => JSON.parse(json) as Call)
      .filter(
        ({ endUnconfirmed, endedAtMs = 0 }) =>
          endUnconfirmed === true && endedAtMs >= endedFromMs && endedAtMs <= endedToMs,
      )
      .sort((a, b) => (b.endedAtMs ?? 0) - (a.endedAtMs ?? 0))
      .slice(0, limit);
  }

  async removeEnded(beforeMs: number, limit: number, isInTime = () => true): Promise<readonly string[]> {
    await this.#travel();
    const old = [...this.#rows.values()]
      .map(({ json }) => JSON.parse(json) as Call)
      .filter(({ phase, endedAtMs = 0 }) => phase === 'ended' && endedAtMs < beforeMs)
      .slice(0, limit);
    const removed: string[] = [];
    for (const { callId } of old) {
      if (!isInTime()) break;
      this.#rows.delete(callId);
      this.#timelines.delete(callId);
      removed.push(callId);
    }
    return removed;
  }

  async countLive(route: string, atMost: number): Promise<number> {
    return (await this.listLive(Number.MAX_SAFE_INTEGER))
      .filter((call) => call.route === route)
      .slice(0, atMost).length;
  }

  async appendTimeline(callId: string, entry: TimelineEntry): Promise<void> {
    await this.#travel();
    const entries = this.#timelines.get(callId) ?? new Map<string, TimelineEntry>();
    this.#timelines.set(callId, entries);
    const key = `${entry.atMs}-${entry.id}`;
    if (!entries.has(key)) entries.set(key, entry);
  }

  async putTimeline(callId: string, fresh: readonly TimelineEntry[]): Promise<void> {
    await this.#travel();
    const entries = this.#timelines.get(callId) ?? new Map<string, TimelineEntry>();
    this.#timelines.set(callId, entries);
    for (const entry of fresh) entries.set(`${entry.atMs}-${entry.id}`, entry);
  }

  async timeline(callId: string, limit: number): Promise<readonly TimelineEntry[]> {
    return (await this.timelineBetween(callId, limit, {})).map(({ entry }) => entry);
  }

  async timelineBetween(
    callId: string,
    limit: number,
    { after = '', before = '~', transcripts = false }: Parameters<CallStore['timelineBetween']>[2],
  ): Promise<readonly PlacedEntry[]> {
    await this.#travel();
    return placedEntries([...(this.#timelines.get(callId)?.values() ?? [])])
      .filter(
        ({ place, entry }) => place > after && place < before && (transcripts || entry.type !== TRANSCRIPT),
      )
      .slice(0, limit);
  }

  /** Others may act meanwhile, as they do while a request is on its way. */
  async #travel(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (this.outage) throw new CallStoreError('storage could not be reached');
  }
}
