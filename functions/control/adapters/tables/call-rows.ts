import { createHash } from 'node:crypto';
import type { TransactionAction } from '@azure/data-tables';
import type { ListPlace } from '../../call/list.ts';
import { BLANK_CALL, type Call } from '../../call/model.ts';
import { CallStoreError, placeAt, type TimelineEntry } from '../../call/stores.ts';

/**
 * Where the rows of calls are. Calls are spread over a fixed number of partitions by their id. Each call has its
 * rows in one partition, and they change together in a transaction:
 *
 * - `call:{callId}`, as long as the call is kept;
 * - `live:{time}:{callId}` until it ends, with the time of its arrival; then `past:{time}:{callId}`, with the time of
 *   its end.
 *
 * - `connection:{hash}` with the id of the call, from when ACS has named its connection until the call is removed.
 *
 * The second row is a copy of the first. Its time counts down, so that the newest calls come first: a page of live
 * calls, or of those that ended last, is the beginning of one range in each partition, however many other calls there
 * are. The calls to remove are the end of such a range.
 */
export const PARTITIONS: readonly string[] = Array.from({ length: 8 }, (_, index) => `p${index}`);

/** Version of the row's content. Rows of other versions are refused. */
const SCHEMA = 1;

type RowKeys = { readonly partitionKey: string; readonly rowKey: string };

export type CallRow = {
  readonly schema: number;
  /** The columns that lists filter by. The call itself is in `call`. */
  readonly phase: string;
  readonly route: string;
  readonly direction: string;
  readonly unconfirmed: boolean;
  /** For people who look at the table. */
  readonly streaming: string;
  readonly call: string;
  /** The change that has made the row what it is. Absent before the first one, and in rows of earlier versions. */
  readonly write?: string;
};

/** The version of a row: as storage names it, and the change that has made it. */
export type RowVersion = { readonly etag: string } & Pick<CallRow, 'write'>;

export function callKeys(callId: string): RowKeys {
  return { partitionKey: partitionOf(callId), rowKey: `call:${callId}` };
}

export type ListKind = 'live' | 'past';

function listKindOf({ phase }: Call): ListKind {
  return phase === 'ended' ? 'past' : 'live';
}

function listKeys(call: Call): RowKeys {
  const atMs = call.phase === 'ended' ? (call.endedAtMs ?? call.receivedAtMs) : call.receivedAtMs;
  return {
    partitionKey: partitionOf(call.callId),
    rowKey: listKey(listKindOf(call), { atMs, callId: call.callId }),
  };
}

interface ListRange {
  readonly after?: ListPlace;
  /** Not together with `after`. */
  readonly endedBeforeMs?: number;
  /** The key of the last row. Defaults to the end of the list. */
  readonly through?: string;
}

/** The filter for a list in one partition: the rows after a place, or those that ended before a time. */
export function listRange(
  partition: string,
  kind: ListKind,
  { after, endedBeforeMs, through }: ListRange = {},
): string {
  const from =
    after !== undefined
      ? `RowKey gt '${listKey(kind, after)}'`
      : endedBeforeMs !== undefined
        ? `RowKey ge '${kind}:${countdown(endedBeforeMs)}'`
        : `RowKey ge '${kind}:'`;
  const to = through === undefined ? `RowKey lt '${kind};'` : `RowKey le '${through}'`;
  return `PartitionKey eq '${partition}' and ${from} and ${to}`;
}

/** The filter for the past calls of one partition that ended within a time and whose end is unconfirmed. */
export function unconfirmedRange(partition: string, endedFromMs: number, endedToMs: number): string {
  // The keys count down. The id follows the time in a key, so the last time has a bound behind all of its keys.
  const from = `past:${countdown(endedToMs)}`;
  const to = `past:${countdown(endedFromMs)};`;
  return `PartitionKey eq '${partition}' and RowKey ge '${from}' and RowKey lt '${to}' and unconfirmed eq true`;
}

/** A condition on a column. */
export function equals(column: 'phase' | 'route' | 'direction', value: string | undefined): string {
  return value === undefined ? '' : ` and ${column} eq '${value.replaceAll("'", "''")}'`;
}

function callEntity(call: Call, keys: RowKeys): RowKeys & CallRow {
  return {
    ...keys,
    schema: SCHEMA,
    phase: call.phase,
    route: call.route,
    direction: call.direction,
    unconfirmed: call.endUnconfirmed === true,
    streaming: call.streaming.state,
    call: JSON.stringify(call),
  };
}

/** @throws CallStoreError for a row of another version */
export function callOf(row: CallRow): Call {
  if (row.schema !== SCHEMA)
    throw new CallStoreError(`the stored call is of version ${row.schema}, this app understands ${SCHEMA}`);
  return readStoredCall(row.call);
}

/** Names the call of a connection. */
export type ConnectionRow = { readonly callId: string };

export function connectionKey(callConnectionId: string): string {
  return `connection:${hashed(callConnectionId)}`;
}

/** None for a call without a known connection. */
function connectionKeys({ callId, callConnectionId }: Call): RowKeys | undefined {
  if (callConnectionId === undefined) return undefined;
  return { partitionKey: partitionOf(callId), rowKey: connectionKey(callConnectionId) };
}

function connectionActions(call: Call): TransactionAction[] {
  const keys = connectionKeys(call);
  const row: ConnectionRow = { callId: call.callId };
  return keys === undefined ? [] : [['upsert', { ...keys, ...row }, 'Replace']];
}

/** Stores a new call. */
export function createActions(call: Call): TransactionAction[] {
  return [
    ['create', callEntity(call, callKeys(call.callId))],
    ['upsert', callEntity(call, listKeys(call)), 'Replace'],
    ...connectionActions(call),
  ];
}

/** Replaces a call that was read with `etag`, and names the change `write`. */
export function changeActions(before: Call, after: Call, { etag, write }: RowVersion): TransactionAction[] {
  const row = { ...callEntity(after, callKeys(after.callId)), ...(write === undefined ? {} : { write }) };
  const actions: TransactionAction[] = [
    ['update', row, 'Replace', { etag }],
    ['upsert', callEntity(after, listKeys(after)), 'Replace'],
  ];
  const [was, is] = [listKeys(before), listKeys(after)];
  if (was.rowKey !== is.rowKey) actions.push(['delete', { ...was }]);
  if (before.callConnectionId !== after.callConnectionId) actions.push(...connectionActions(after));
  return actions;
}

/** Removes a call. `isOld`: it was stored before connections had rows. */
export function removeActions(call: Call, isOld = false): TransactionAction[] {
  const connection = isOld ? undefined : connectionKeys(call);
  return [
    ['delete', { ...callKeys(call.callId) }],
    ['delete', { ...listKeys(call) }],
    ...(connection === undefined ? [] : [['delete', { ...connection }] satisfies TransactionAction]),
  ];
}

const TIME_DIGITS = 15;

/** The key of a timeline entry is its place. Ids of others are hashed, since keys exclude some characters. */
export function timelineKey({ atMs, id }: Pick<TimelineEntry, 'atMs' | 'id'>): string {
  return `${placeAt(atMs)}-${hashed(id)}`;
}

function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function listKey(kind: ListKind, { atMs, callId }: ListPlace): string {
  return `${kind}:${countdown(atMs)}:${callId}`;
}

/** The place that the key of a row in a list has. */
export function placeOfKey(key: string): ListPlace {
  const [, time, callId = ''] = key.split(':');
  return { atMs: LATEST_MS - Number(time), callId };
}

const LATEST_MS = 10 ** TIME_DIGITS - 1;

function countdown(atMs: number): string {
  return digits(LATEST_MS - Math.max(0, Math.trunc(atMs)));
}

function digits(value: number): string {
  return value.toString().padStart(TIME_DIGITS, '0');
}

/** Ids are hashes, so each of their characters is evenly distributed. */
function partitionOf(callId: string): string {
  return PARTITIONS[callId.charCodeAt(callId.length - 1) % PARTITIONS.length] ?? 'p0';
}

/**
 * The call of a row. Rows of earlier versions are completed, and a member that was renamed is read under its old
 * name.
 */
function readStoredCall(json: string): Call {
  const stored = { ...BLANK_CALL, ...(JSON.parse(json) as Call) };
  const { untold, ...recording } = stored.recording as Call['recording'] & { readonly untold?: true };
  return untold === undefined ? stored : { ...stored, recording: { ...recording, unconfirmed: untold } };
}
