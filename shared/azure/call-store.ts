import { createHash } from 'node:crypto';
import type {
  TableClient,
  TableEntityResult,
  TableServiceClientOptions,
  TransactionAction,
} from '@azure/data-tables';
import type { TokenCredential } from '@azure/identity';
import { type Call, readStoredCall } from '../core/call.ts';
import { type CallPage, type CallQuery, pageOfCalls } from '../core/call-list.ts';
import { type CallStore, CallStoreError, type TimelineEntry } from '../core/call-store.ts';

export type TablesAccess =
  | { readonly connectionString: string }
  | { readonly endpoint: string; readonly credential: () => Promise<TokenCredential> };

export interface CallStoreOptions {
  /** For a table service on this machine only: `http:` instead of `https:`. Default false. */
  readonly allowInsecureConnection?: boolean;
  /** How often a request is repeated that storage did not answer. Default 3. */
  readonly maxRetries?: number;
}

/**
 * Calls are spread over so many partitions. A partition holds a row `call:{callId}` for every call that ever was, and a row
 * `live:{callId}` with the same content for each that has not ended; a transaction changes both together. So the calls of now
 * are one short range in each partition, whatever number of past calls lies beside it.
 */
const PARTITIONS = 8;

/** How often a change is made anew because somebody else was quicker. */
const MAX_CONFLICTS = 8;

/** Version of the row's content; rows of another version are not understood. */
const SCHEMA = 1;

type CallRow = {
  readonly schema: number;
  /** For people who look at the table; the truth is in `call`. */
  readonly phase: string;
  readonly streaming: string;
  /** Live calls are counted by it. */
  readonly route: string;
  readonly call: string;
};

type RowKeys = { readonly partitionKey: string; readonly rowKey: string };

interface TimelineRow {
  readonly id: string;
  readonly atMs: number;
  readonly source: string;
  readonly type: string;
  readonly details: string;
}

interface Tables {
  readonly calls: TableClient;
  readonly timeline: TableClient;
}

/** Calls in the tables `calls` and `timeline`, which come into being with the first write. The SDK is loaded with the first use. */
export function createTableCallStore(access: TablesAccess, options: CallStoreOptions = {}): CallStore {
  let tables: Promise<Tables> | undefined;
  return new TableCallStore(() => {
    tables ??= createTables(access, options).catch((error: unknown) => {
      tables = undefined;
      throw error;
    });
    return tables;
  });
}

async function createTables(access: TablesAccess, options: CallStoreOptions): Promise<Tables> {
  const sdk = await import('@azure/data-tables');
  const all: TableServiceClientOptions = {
    allowInsecureConnection: options.allowInsecureConnection ?? false,
    retryOptions: { maxRetries: options.maxRetries ?? 3, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 },
  };
  if ('connectionString' in access) {
    const open = (name: string): TableClient =>
      sdk.TableClient.fromConnectionString(access.connectionString, name, all);
    return { calls: open('calls'), timeline: open('timeline') };
  }
  const credential = await access.credential();
  const open = (name: string): TableClient => new sdk.TableClient(access.endpoint, name, credential, all);
  return { calls: open('calls'), timeline: open('timeline') };
}

class TableCallStore implements CallStore {
  readonly #load: () => Promise<Tables>;

  constructor(load: () => Promise<Tables>) {
    this.#load = load;
  }

  create(call: Call): Promise<boolean> {
    return this.#guard('storing a call', async ({ calls }) => {
      const actions: TransactionAction[] = [['create', callEntity(call, 'call')]];
      if (call.phase !== 'ended') actions.push(['upsert', callEntity(call, 'live'), 'Replace']);
      try {
        await writing(calls, () => calls.submitTransaction(actions));
        return true;
      } catch (error) {
        if (statusOf(error) === 409) return false;
        throw error;
      }
    });
  }

  get(callId: string): Promise<Call | undefined> {
    return this.#guard('reading a call', async ({ calls }) => {
      const row = await readRow(calls, callId);
      return row === undefined ? undefined : callOf(row);
    });
  }

  update<Result extends { readonly call: Call }>(
    callId: string,
    change: (call: Call) => Result,
  ): Promise<Result | undefined> {
    return this.#guard('changing a call', async ({ calls }) => {
      for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
        const row = await readRow(calls, callId);
        if (row === undefined) return undefined;
        const before = callOf(row);
        const result = change(before);
        if (result.call === before) return result;
        try {
          await calls.submitTransaction(changeActions(before, result.call, row.etag));
          return result;
        } catch (error) {
          if (statusOf(error) !== 412) throw error;
        }
      }
      throw new CallStoreError(`others changed the call ${callId} ${MAX_CONFLICTS} times in a row`);
    });
  }

  listLive(limit: number): Promise<readonly Call[]> {
    return this.#guard('listing calls', async ({ calls }) => {
      const partitions = Array.from({ length: PARTITIONS }, (_, index) => liveCalls(calls, index, limit));
      const found = (await Promise.all(partitions)).flat();
      return found.sort((a, b) => b.receivedAtMs - a.receivedAtMs).slice(0, limit);
    });
  }

  list(query: CallQuery): Promise<CallPage> {
    return this.#guard('listing calls', async ({ calls }) => {
      const partitions = Array.from({ length: PARTITIONS }, (_, index) =>
        liveCalls(calls, index, Number.POSITIVE_INFINITY),
      );
      return pageOfCalls((await Promise.all(partitions)).flat(), query);
    });
  }

  countLive(route: string, atMost: number): Promise<number> {
    return this.#guard('counting calls', async ({ calls }) => {
      const partitions = Array.from({ length: PARTITIONS }, (_, index) =>
        firstRows<CallRow>(
          calls,
          `${liveRange(index)} and route eq '${route.replaceAll("'", "''")}'`,
          atMost,
        ),
      );
      return Math.min(atMost, (await Promise.all(partitions)).flat().length);
    });
  }

  appendTimeline(callId: string, entry: TimelineEntry): Promise<void> {
    return this.#guard('writing to a timeline', async ({ timeline }) => {
      const row: TimelineRow = { ...entry, details: JSON.stringify(entry.details) };
      const entity = { partitionKey: callId, rowKey: timelineKey(entry), ...row };
      try {
        await writing(timeline, () => timeline.createEntity(entity));
      } catch (error) {
        if (statusOf(error) !== 409) throw error;
      }
    });
  }

  timeline(callId: string, limit: number, fromMs = 0): Promise<readonly TimelineEntry[]> {
    return this.#guard('reading a timeline', async ({ timeline }) => {
      // Call ids have no characters that would need quoting in a filter.
      const range = `PartitionKey eq '${callId}' and RowKey ge '${timeOfKey(fromMs)}'`;
      const rows = await firstRows<TimelineRow>(timeline, range, limit);
      return rows.map(({ id, atMs, source, type, details }) => ({
        id,
        atMs: Number(atMs),
        source: source as TimelineEntry['source'],
        type,
        details: JSON.parse(details) as TimelineEntry['details'],
      }));
    });
  }

  async #guard<T>(action: string, run: (tables: Tables) => Promise<T>): Promise<T> {
    try {
      return await run(await this.#load());
    } catch (cause) {
      if (cause instanceof CallStoreError) throw cause;
      const status = statusOf(cause);
      const why = status === undefined ? 'it could not be reached' : `it answered ${status}`;
      throw new CallStoreError(`${action} in table storage failed: ${why}`, { cause });
    }
  }
}

type RowKind = 'call' | 'live';

function callEntity(call: Call, kind: RowKind): RowKeys & CallRow {
  return {
    ...keysOf(call.callId, kind),
    schema: SCHEMA,
    phase: call.phase,
    streaming: call.streaming.state,
    route: call.route,
    call: JSON.stringify(call),
  };
}

function keysOf(callId: string, kind: RowKind): RowKeys {
  return { partitionKey: partitionOf(callId), rowKey: `${kind}:${callId}` };
}

/** Ids are hashes, so any character of them is spread evenly. */
function partitionOf(callId: string): string {
  return partitionName(callId.charCodeAt(callId.length - 1) % PARTITIONS);
}

function partitionName(index: number): string {
  return `p${index}`;
}

function changeActions(before: Call, after: Call, etag: string): TransactionAction[] {
  const actions: TransactionAction[] = [['update', callEntity(after, 'call'), 'Replace', { etag }]];
  if (after.phase !== 'ended') actions.push(['upsert', callEntity(after, 'live'), 'Replace']);
  else if (before.phase !== 'ended') actions.push(['delete', keysOf(after.callId, 'live')]);
  return actions;
}

async function readRow(calls: TableClient, callId: string): Promise<TableEntityResult<CallRow> | undefined> {
  const { partitionKey, rowKey } = keysOf(callId, 'call');
  try {
    return await calls.getEntity<CallRow>(partitionKey, rowKey);
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

function callOf(row: CallRow): Call {
  if (row.schema !== SCHEMA) {
    throw new CallStoreError(`the stored call is of version ${row.schema}, this app understands ${SCHEMA}`);
  }
  return readStoredCall(row.call);
}

async function liveCalls(calls: TableClient, partition: number, limit: number): Promise<Call[]> {
  return (await firstRows<CallRow>(calls, liveRange(partition), limit)).map(callOf);
}

function liveRange(partition: number): string {
  return `PartitionKey eq '${partitionName(partition)}' and RowKey ge 'live:' and RowKey lt 'live;'`;
}

async function firstRows<Row extends object>(
  table: TableClient,
  filter: string,
  limit: number,
): Promise<TableEntityResult<Row>[]> {
  const rows: TableEntityResult<Row>[] = [];
  try {
    for await (const row of table.listEntities<Row>({ queryOptions: { filter } })) {
      rows.push(row);
      if (rows.length >= limit) break;
    }
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
  return rows;
}

/** Writes, and creates the table first where it turns out not to be there. */
async function writing<T>(table: TableClient, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    await table.createTable();
    return await write();
  }
}

const TIME_DIGITS = 15;

/** Rows of a partition are kept in the order of their keys: time first. The id is hashed, since keys exclude some characters. */
function timelineKey({ atMs, id }: TimelineEntry): string {
  return `${timeOfKey(atMs)}-${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
}

function timeOfKey(atMs: number): string {
  return Math.max(0, Math.trunc(atMs)).toString().padStart(TIME_DIGITS, '0');
}

function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error ? (error as Error & { statusCode?: unknown }).statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}
