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
  readonly calls: readonly Call[];
  /** Where the next page begins; undefined on the last page. */
  readonly next?: string;
}

/**
 * A page of the matching calls, newest first: by arrival, or for past calls by their end. A cursor names the last
 * call of its page by time and id, so calls that arrive or end between two pages neither repeat nor hide others.
 */
export function pageOfCalls(calls: readonly Call[], query: CallQuery): CallPage {
  const fitting = calls.filter((call) => fits(call, query)).sort(newestFirst);
  const page = fitting.slice(0, query.limit);
  const last = page.at(-1);
  return fitting.length > page.length && last !== undefined
    ? { calls: page, next: cursorOf(last) }
    : { calls: page };
}

/** The place that a cursor names. @throws RangeError if the text is not a cursor */
export function placeOfCursor(cursor: string): Place {
  const [, atMs, callId] = CURSOR_PATTERN.exec(cursor) ?? [];
  if (atMs === undefined || callId === undefined) throw new RangeError('this is not the cursor of a list');
  return { atMs: Number(atMs), callId };
}

function cursorOf(call: Call): string {
  return `${placeOf(call).atMs}_${call.callId}`;
}

function fits(call: Call, { state, route, direction, after, callConnectionId }: CallQuery): boolean {
  const isAny = callConnectionId !== undefined;
  if (isAny && call.callConnectionId !== callConnectionId) return false;
  if (state === undefined ? call.phase === 'ended' && !isAny : call.phase !== state) return false;
  if (route !== undefined && call.route !== route) return false;
  if (direction !== undefined && call.direction !== direction) return false;
  return after === undefined || order(placeOf(call), placeOfCursor(after)) > 0;
}

interface Place {
  readonly atMs: number;
  readonly callId: string;
}

function placeOf({ phase, receivedAtMs, endedAtMs = receivedAtMs, callId }: Call): Place {
  return { atMs: phase === 'ended' ? endedAtMs : receivedAtMs, callId };
}

function newestFirst(a: Call, b: Call): number {
  return order(placeOf(a), placeOf(b));
}

function order(a: Place, b: Place): number {
  if (a.atMs !== b.atMs) return b.atMs - a.atMs;
  if (a.callId === b.callId) return 0;
  return a.callId < b.callId ? -1 : 1;
}
