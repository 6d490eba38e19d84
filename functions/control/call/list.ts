import type { CallDirection, CallPhase } from '../../../shared/call/states.ts';
import { CURSOR_PATTERN } from '../../../shared/wire/names.ts';
import type { Call } from './model.ts';

/** Which calls to list, and how many. */
export interface CallQuery {
  /** Only the call of this connection, live or past. */
  readonly callConnectionId?: string;
  /** `ended` lists past calls. Defaults to every call that has not ended, and with `callConnectionId` to any. */
  readonly state?: CallPhase;
  readonly route?: string;
  readonly direction?: CallDirection;
  readonly limit: number;
  /** `next` of the previous page. */
  readonly after?: string;
}

export interface CallPage {
  /** May be fewer than `limit`, and none, though `next` says where to go on. */
  readonly calls: readonly Call[];
  /** Where the next page begins; undefined on the last page. */
  readonly next?: string;
}

/** A place in a list, newest first. */
export interface ListPlace {
  readonly atMs: number;
  readonly callId: string;
}

/**
 * A page of the matching calls, newest first: by arrival, or for past calls by their end. A cursor names a call by time
 * and id: the last one of its page, or the last one that was looked at. So calls that arrive or end between two pages
 * neither repeat nor hide others.
 * @param reached how far all calls were looked at, for each part of the list that goes on there
 */
export function pageOfCalls(
  calls: readonly Call[],
  query: CallQuery,
  reached: readonly ListPlace[] = [],
): CallPage {
  const [frontier] = [...reached].sort(order);
  const fitting = calls
    .filter((call) => fits(call, query))
    .filter((call) => frontier === undefined || order(placeOf(call), frontier) <= 0)
    .sort(newestFirst);
  const page = fitting.slice(0, query.limit);
  const last = page.at(-1);
  if (fitting.length > page.length && last !== undefined)
    return { calls: page, next: cursorOf(placeOf(last)) };
  return frontier === undefined ? { calls: page } : { calls: page, next: cursorOf(frontier) };
}

/** The place that a cursor names. @throws RangeError if the text is not a cursor */
export function placeOfCursor(cursor: string): ListPlace {
  const [, atMs, callId] = CURSOR_PATTERN.exec(cursor) ?? [];
  if (atMs === undefined || callId === undefined) throw new RangeError('this is not the cursor of a list');
  return { atMs: Number(atMs), callId };
}

function cursorOf({ atMs, callId }: ListPlace): string {
  return `${atMs}_${callId}`;
}

function fits(call: Call, { state, route, direction, after, callConnectionId }: CallQuery): boolean {
  const isAny = callConnectionId !== undefined;
  if (isAny && call.callConnectionId !== callConnectionId) return false;
  if (state === undefined ? call.phase === 'ended' && !isAny : call.phase !== state) return false;
  if (route !== undefined && call.route !== route) return false;
  if (direction !== undefined && call.direction !== direction) return false;
  return after === undefined || order(placeOf(call), placeOfCursor(after)) > 0;
}

function placeOf({ phase, receivedAtMs, endedAtMs = receivedAtMs, callId }: Call): ListPlace {
  return { atMs: phase === 'ended' ? endedAtMs : receivedAtMs, callId };
}

function newestFirst(a: Call, b: Call): number {
  return order(placeOf(a), placeOf(b));
}

function order(a: ListPlace, b: ListPlace): number {
  if (a.atMs !== b.atMs) return b.atMs - a.atMs;
  if (a.callId === b.callId) return 0;
  return a.callId < b.callId ? -1 : 1;
}
