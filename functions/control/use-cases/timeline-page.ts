import type { Call } from '../call/model.ts';
import {
  type CallStore,
  type PlacedEntry,
  placeAt,
  type TimelineEntry,
  timeOfPlace,
} from '../call/stores.ts';

/** Entries that are read at a time. */
const AT_A_TIME = 1_000;
/** How much of a timeline is read at first when its newest entries are asked for; then twice as much, and so on. */
const FIRST_WINDOW_MS = 30_000;
/** What happened so long before the call came in is not looked for step by step. */
const BEFORE_CALL_MS = 60_000;

interface TimelineQuery {
  readonly limit: number;
  /** `asc`: the earliest entries first; `desc`: the newest first. */
  readonly order: 'asc' | 'desc';
  /** `next` of the previous page, in the same order. */
  readonly after?: string;
  /** Also what somebody said. Defaults to false. */
  readonly transcripts?: boolean;
}

interface TimelinePage {
  readonly entries: readonly TimelineEntry[];
  /** Where the next page begins; undefined on the last page. */
  readonly next?: string;
}

type Store = Pick<CallStore, 'timelineBetween'>;
type TimelineCall = Pick<Call, 'callId' | 'receivedAtMs' | 'endedAtMs'>;

/** A page of a call's timeline. A cursor names the last entry of its page. @throws CallStoreError */
export async function timelinePage(
  store: Store,
  call: TimelineCall,
  query: TimelineQuery,
  nowMs: number,
): Promise<TimelinePage> {
  const { limit, order, after, transcripts = false } = query;
  const wanted = limit + 1;
  const found =
    order === 'asc'
      ? await store.timelineBetween(call.callId, wanted, {
          ...(after === undefined ? {} : { after }),
          transcripts,
        })
      : await newestFirst(store, call, { wanted, before: after, transcripts }, nowMs);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const entries = page.map(({ entry }) => entry);
  return found.length > limit && last !== undefined ? { entries, next: last.place } : { entries };
}

/**
 * The rows of a table are in the order of time and cannot be read backwards. So they are read in windows, from the
 * newest one back, each twice as long as the one before.
 */
async function newestFirst(
  store: Store,
  { callId, receivedAtMs, endedAtMs }: TimelineCall,
  {
    wanted,
    before,
    transcripts,
  }: { readonly wanted: number; readonly before: string | undefined; readonly transcripts: boolean },
  nowMs: number,
): Promise<readonly PlacedEntry[]> {
  const found: PlacedEntry[] = [];
  let upTo = before;
  let fromMs = before === undefined ? (endedAtMs ?? nowMs) : timeOfPlace(before);
  for (let windowMs = FIRST_WINDOW_MS; found.length < wanted; windowMs *= 2) {
    fromMs -= windowMs;
    if (fromMs < receivedAtMs - BEFORE_CALL_MS) fromMs = 0;
    const after = placeAt(fromMs);
    const range = { after, transcripts, ...(upTo === undefined ? {} : { before: upTo }) };
    found.push(...(await lastOf(store, callId, wanted - found.length, range)).toReversed());
    if (fromMs === 0) break;
    upTo = after;
  }
  return found;
}

/**
 * The last `count` entries of a range, in the order of time. Of a range with many, it looks at the later half first, so
 * that a few entries cost no walk through all of them.
 */
async function lastOf(
  store: Store,
  callId: string,
  count: number,
  range: { readonly after: string; readonly before?: string; readonly transcripts: boolean },
): Promise<readonly PlacedEntry[]> {
  const read = await store.timelineBetween(callId, AT_A_TIME, range);
  const last = read.at(-1);
  if (read.length < AT_A_TIME || last === undefined) return read.slice(-count);
  const middle = middleOf(last.place, range.before);
  const parts =
    middle === undefined
      ? [{ ...range, after: last.place }]
      : [
          { ...range, after: middle },
          { ...range, after: last.place, before: middle },
        ];
  let found: readonly PlacedEntry[] = [];
  for (const part of parts) {
    if (found.length < count)
      found = [...(await lastOf(store, callId, count - found.length, part)), ...found];
  }
  return [...read, ...found].slice(-count);
}

/** A place between two; undefined where there is none, or no end. */
function middleOf(after: string, before: string | undefined): string | undefined {
  if (before === undefined) return undefined;
  const middle = placeAt(Math.ceil((timeOfPlace(after) + timeOfPlace(before)) / 2));
  return middle > after && middle < before ? middle : undefined;
}
