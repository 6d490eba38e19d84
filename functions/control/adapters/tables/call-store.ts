import { randomUUID } from 'node:crypto';
import type { TableClient, TableEntityResult, TransactionAction } from '@azure/data-tables';
import { type CallPage, type CallQuery, pageOfCalls, placeOfCursor } from '../../call/list.ts';
import type { Call } from '../../call/model.ts';
import {
  type CallStore,
  CallStoreError,
  type PlacedEntry,
  placeAt,
  type TimelineEntry,
  TRANSCRIPT,
} from '../../call/stores.ts';
import {
  type CallRow,
  type ConnectionRow,
  callKeys,
  callOf,
  changeActions,
  connectionKey,
  createActions,
  equals,
  type ListKind,
  listRange,
  PARTITIONS,
  placeOfKey,
  type RowVersion,
  removeActions,
  timelineKey,
  unconfirmedRange,
} from './call-rows.ts';
import {
  type CallStoreOptions,
  creatingTable,
  makesRow,
  storageStatusOf,
  type TablesAccess,
  tableLoader,
  unlessMissing,
  withStorage,
} from './table-access.ts';

/** How often a change is retried because another one came first. */
const MAX_CONFLICTS = 8;

/** Limits of the table service: actions in one transaction, rows in one answer. */
const MAX_TRANSACTION = 100;
const MAX_PAGE = 1_000;

type TimelineRow = {
  readonly id: string;
  readonly atMs: number;
  readonly source: string;
  readonly type: string;
  readonly details: string;
};

/**
 * Calls in the tables `calls` and `timeline`, which are created by the first write. The SDK is loaded on first use.
 */
export function createTableCallStore(access: TablesAccess, options: TableCallStoreOptions = {}): CallStore {
  const [calls, timeline] = [tableLoader('calls', access, options), tableLoader('timeline', access, options)];
  return new TableCallStore(calls, timeline, options.lookedAt ?? MAX_PAGE);
}

interface TableCallStoreOptions extends CallStoreOptions {
  /**
   * Among how many past calls of a partition one request looks for those that match. Defaults to 1,000, since one
   * answer holds as many keys.
   */
  readonly lookedAt?: number;
}

class TableCallStore implements CallStore {
  readonly #calls: () => Promise<TableClient>;
  readonly #timeline: () => Promise<TableClient>;
  readonly #lookedAt: number;
  /** The version of each call that `get` has returned. */
  readonly #versions = new WeakMap<Call, RowVersion>();

  constructor(calls: () => Promise<TableClient>, timeline: () => Promise<TableClient>, lookedAt: number) {
    this.#calls = calls;
    this.#timeline = timeline;
    this.#lookedAt = lookedAt;
  }

  create(call: Call): Promise<boolean> {
    return withStorage('storing a call', async () => {
      const calls = await this.#calls();
      return await creatingTable(calls, () => makesRow(calls.submitTransaction(createActions(call))));
    });
  }

  get(callId: string): Promise<Call | undefined> {
    return withStorage('reading a call', async () => {
      const row = await readRow(await this.#calls(), callId);
      if (row === undefined) return undefined;
      const call = callOf(row);
      this.#versions.set(call, { etag: row.etag, ...(row.write === undefined ? {} : { write: row.write }) });
      return call;
    });
  }

  /** `change` runs outside of `withStorage`: what it throws is no failure of storage. */
  async update<Result extends { readonly call: Call }>(
    callId: string,
    change: (call: Call) => Result,
    known?: Call,
  ): Promise<Result | undefined> {
    const write = randomUUID();
    let tried: Result | undefined;
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      const before = conflicts === 0 && known !== undefined ? known : await this.get(callId);
      if (before === undefined) return undefined;
      const version = this.#versions.get(before);
      if (version === undefined) throw new Error('the call to change was not read from this store');
      // The answer to our write was lost, so the SDK wrote again, and the row had changed: by our write.
      if (tried !== undefined && version.write === write) return tried;
      tried = change(before);
      if (tried.call === before) return tried;
      if (await this.#replaces(before, tried.call, { etag: version.etag, write })) return tried;
    }
    throw new CallStoreError(`others changed the call ${callId} ${MAX_CONFLICTS} times in a row`);
  }

  /** Returns false if another write came first. */
  #replaces(before: Call, after: Call, version: RowVersion): Promise<boolean> {
    return withStorage('changing a call', async () => {
      const calls = await this.#calls();
      try {
        await calls.submitTransaction(changeActions(before, after, version));
        return true;
      } catch (error) {
        if (storageStatusOf(error) !== 412) throw error;
        return false;
      }
    });
  }

  async listLive(limit: number): Promise<readonly Call[]> {
    return (await this.list({ limit })).calls;
  }

  list(query: CallQuery): Promise<CallPage> {
    return withStorage('listing calls', async () => {
      const { state, route, direction, limit, after, callConnectionId } = query;
      if (callConnectionId !== undefined) return pageOfCalls(await this.#callsOf(callConnectionId), query);
      const kind: ListKind = state === 'ended' ? 'past' : 'live';
      const place = after === undefined ? undefined : placeOfCursor(after);
      const conditions =
        equals('phase', kind === 'past' ? undefined : state) +
        equals('route', route) +
        equals('direction', direction);
      const range = place === undefined ? {} : { after: place };
      // One row more than requested in each partition tells whether there are more.
      const read = (through?: ReadonlyMap<string, string>): Promise<TableEntityResult<CallRow>[]> =>
        this.#rowsOf((partition) => {
          const last = through?.get(partition);
          const part = last === undefined ? range : { ...range, through: last };
          return listRange(partition, kind, part) + conditions;
        }, limit + 1);
      if (kind === 'live' || conditions === '') return pageOfCalls((await read()).map(callOf), query);
      // Storage would look through all past calls for a few that match.
      const through = await this.#lastKeysLookedAt((partition) => listRange(partition, kind, range));
      return pageOfCalls((await read(through)).map(callOf), query, [...through.values()].map(placeOfKey));
    });
  }

  listUnconfirmed({
    endedFromMs,
    endedToMs,
    limit,
  }: Parameters<CallStore['listUnconfirmed']>[0]): Promise<readonly Call[]> {
    return withStorage('listing calls', async () => {
      const rows = await this.#rowsOf(
        (partition) => unconfirmedRange(partition, endedFromMs, endedToMs),
        limit,
      );
      const calls = rows.map(callOf);
      return calls.sort((a, b) => (b.endedAtMs ?? 0) - (a.endedAtMs ?? 0)).slice(0, limit);
    });
  }

  countLive(route: string, atMost: number): Promise<number> {
    return withStorage('counting calls', async () => {
      const rows = await this.#rowsOf(
        (partition) => listRange(partition, 'live') + equals('route', route),
        atMost,
        ['RowKey'],
      );
      return Math.min(atMost, rows.length);
    });
  }

  removeEnded(beforeMs: number, limit: number, isInTime = () => true): Promise<readonly string[]> {
    return withStorage('removing old calls', async () => {
      const rows = await this.#rowsOf(
        (partition) => listRange(partition, 'past', { endedBeforeMs: beforeMs }),
        Math.ceil(limit / PARTITIONS.length),
      );
      const calls = await this.#calls();
      const removed: string[] = [];
      for (const call of rows.map(callOf)) {
        // The timeline is removed first: if this stops half way, the call is found again.
        if (!(await this.#removeTimeline(call.callId, isInTime))) break;
        const isRemoved = await unlessMissing(calls.submitTransaction(removeActions(call)));
        // One row that is missing keeps the others.
        if (isRemoved === undefined) await unlessMissing(calls.submitTransaction(removeActions(call, true)));
        removed.push(call.callId);
      }
      return removed;
    });
  }

  appendTimeline(callId: string, entry: TimelineEntry): Promise<void> {
    return withStorage('writing to a timeline', async () => {
      const timeline = await this.#timeline();
      const entity = timelineEntity(callId, entry);
      await creatingTable(timeline, () => makesRow(timeline.createEntity(entity)));
    });
  }

  putTimeline(callId: string, entries: readonly TimelineEntry[]): Promise<void> {
    return withStorage('writing to a timeline', async () => {
      const timeline = await this.#timeline();
      // A transaction may have each row once.
      const rows = new Map(entries.map((entry) => [timelineKey(entry), timelineEntity(callId, entry)]));
      const actions = [...rows.values()].map((row): TransactionAction => ['upsert', row, 'Replace']);
      await creatingTable(timeline, () => timeline.submitTransaction(actions));
    });
  }

  async timeline(callId: string, limit: number): Promise<readonly TimelineEntry[]> {
    return (await this.timelineBetween(callId, limit, {})).map(({ entry }) => entry);
  }

  timelineBetween(
    callId: string,
    limit: number,
    { after = placeAt(0), before, transcripts = false }: Parameters<CallStore['timelineBetween']>[2],
  ): Promise<readonly PlacedEntry[]> {
    return withStorage('reading a timeline', async () => {
      // Call ids and places have no characters that need quoting in a filter.
      const range =
        `PartitionKey eq '${callId}' and RowKey gt '${after}'` +
        (before === undefined ? '' : ` and RowKey lt '${before}'`) +
        (transcripts ? '' : ` and type ne '${TRANSCRIPT}'`);
      const rows = await firstRows<TimelineRow>(await this.#timeline(), range, limit);
      return rows.map(({ rowKey = '', id, atMs, source, type, details }) => ({
        place: rowKey,
        entry: {
          id,
          atMs: Number(atMs),
          source: source as TimelineEntry['source'],
          type,
          details: JSON.parse(details) as TimelineEntry['details'],
        },
      }));
    });
  }

  /** The call of a connection, if there is one. Its partition follows from its id, so every partition is asked. */
  async #callsOf(callConnectionId: string): Promise<readonly Call[]> {
    const calls = await this.#calls();
    const rowKey = connectionKey(callConnectionId);
    const asked = PARTITIONS.map((partition) =>
      unlessMissing(calls.getEntity<ConnectionRow>(partition, rowKey)),
    );
    const ids = (await Promise.all(asked)).flatMap((row) => (row === undefined ? [] : [row.callId]));
    const rows = await Promise.all(ids.map((callId) => readRow(calls, callId)));
    return rows.flatMap((row) => (row === undefined ? [] : [callOf(row)]));
  }

  /** The last key that one request looks at in each partition where it leaves some to the next request. */
  async #lastKeysLookedAt(rangeOf: (partition: string) => string): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#rowsOf(rangeOf, this.#lookedAt, ['PartitionKey', 'RowKey']);
    const last = new Map<string, string>();
    for (const [partition, its] of Map.groupBy(rows, ({ partitionKey = '' }) => partitionKey)) {
      const key = its.at(-1)?.rowKey;
      if (its.length === this.#lookedAt && key !== undefined) last.set(partition, key);
    }
    return last;
  }

  /** The first rows of a range in every partition. */
  async #rowsOf(
    filterOf: (partition: string) => string,
    limit: number,
    select?: string[],
  ): Promise<TableEntityResult<CallRow>[]> {
    const calls = await this.#calls();
    const found = PARTITIONS.map((partition) =>
      firstRows<CallRow>(calls, filterOf(partition), limit, select),
    );
    return (await Promise.all(found)).flat();
  }

  /** Returns false if its time was over before all was removed. */
  async #removeTimeline(callId: string, isInTime: () => boolean): Promise<boolean> {
    const timeline = await this.#timeline();
    while (isInTime()) {
      const filter = `PartitionKey eq '${callId}'`;
      const rows = await firstRows(timeline, filter, MAX_TRANSACTION, ['PartitionKey', 'RowKey']);
      const actions: TransactionAction[] = rows.flatMap(({ partitionKey, rowKey }) =>
        partitionKey === undefined || rowKey === undefined ? [] : [['delete', { partitionKey, rowKey }]],
      );
      if (actions.length === 0) return true;
      await unlessMissing(timeline.submitTransaction(actions));
    }
    return false;
  }
}

function timelineEntity(
  callId: string,
  entry: TimelineEntry,
): TimelineRow & { readonly partitionKey: string; readonly rowKey: string } {
  const row: TimelineRow = { ...entry, details: JSON.stringify(entry.details) };
  return { partitionKey: callId, rowKey: timelineKey(entry), ...row };
}

async function readRow(calls: TableClient, callId: string): Promise<TableEntityResult<CallRow> | undefined> {
  const { partitionKey, rowKey } = callKeys(callId);
  return await unlessMissing(calls.getEntity<CallRow>(partitionKey, rowKey));
}

async function firstRows<Row extends object>(
  table: TableClient,
  filter: string,
  limit: number,
  select?: string[],
): Promise<TableEntityResult<Row>[]> {
  const rows: TableEntityResult<Row>[] = [];
  const pages = table
    .listEntities<Row>({ queryOptions: { filter, ...(select === undefined ? {} : { select }) } })
    .byPage({ maxPageSize: Math.min(limit, MAX_PAGE) });
  try {
    for await (const page of pages) {
      rows.push(...page);
      if (rows.length >= limit) break;
    }
  } catch (error) {
    if (storageStatusOf(error) !== 404) throw error;
  }
  return rows.slice(0, limit);
}
