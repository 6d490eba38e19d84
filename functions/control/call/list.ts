import type { CallDirection, CallPhase } from '../../../shared/call/states.ts';
import { CURSOR_PATTERN } from '../../../shared/wire/names.ts';
import type { Call } from './model.ts';

/** Which calls, and how many of them. */
export interface CallQuery {
  /** `ended`: calls of the past. Absent: every call that has not ended. */
  readonly state?: CallPhase;
  readonly route?: string;
  readonly direction?: CallDirection;
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface CallPage {
  readonly calls: readonly Call[];
  /** Where the rest begins; absent when there is none. */
  readonly next?: string;
}

/**
 * A page of the calls that fit, the newest first: by when they came in or, of calls of the past, by when they ended. A cursor names the last call of its page by time and id, so that calls that come or end
 * between two pages neither repeat nor hide others.
 */
export function pageOfCalls(calls: readonly Call[], query: CallQuery): CallPage {
  const fitting = calls.filter((call) => fits(call, query)).sort(newestFirst);
  const page = fitting.slice(0, query.limit);
  const last = page.at(-1);
  return fitting.length > page.length && last !== undefined
    ? { calls: page, next: cursorOf(last) }
    : { calls: page };
}

/** The place that a cursor names. @throws RangeError for a text that is no cursor. */
export function placeOfCursor(cursor: string): Place {
  const [, atMs, callId] = CURSOR_PATTERN.exec(cursor) ?? [];
  if (atMs === undefined || callId === undefined) throw new RangeError('this is not the cursor of a list');
  return { atMs: Number(atMs), callId };
}

function cursorOf(call: Call): string {
  return `${placeOf(call).atMs}_${call.callId}`;
}

function fits(call: Call, { state, route, direction, after }: CallQuery): boolean {
  if (state === undefined ? call.phase === 'ended' : call.phase !== state) return false;
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
