import type { Call, CallPhase } from './call.ts';
import type { CallDirection } from './routes.ts';

/** Which of the calls that have not ended, and how many of them. */
export interface CallQuery {
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
 * A page of the calls that fit, the newest first. A cursor names the last call of its page by time and id, so that calls that come or end
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

/** What a cursor looks like: the time and id of the last call of its page. */
export const CURSOR_PATTERN = /^(\d{1,15})_([a-z0-9]{1,64})$/;

function cursorOf({ receivedAtMs, callId }: Call): string {
  return `${receivedAtMs}_${callId}`;
}

function fits(call: Call, { state, route, direction, after }: CallQuery): boolean {
  if (state !== undefined && call.phase !== state) return false;
  if (route !== undefined && call.route !== route) return false;
  if (direction !== undefined && call.direction !== direction) return false;
  const [, atMs, callId] = CURSOR_PATTERN.exec(after ?? '') ?? [];
  if (atMs === undefined || callId === undefined) return true;
  return newestFirst(call, { receivedAtMs: Number(atMs), callId }) > 0;
}

type Place = Pick<Call, 'receivedAtMs' | 'callId'>;

function newestFirst(a: Place, b: Place): number {
  if (a.receivedAtMs !== b.receivedAtMs) return b.receivedAtMs - a.receivedAtMs;
  if (a.callId === b.callId) return 0;
  return a.callId < b.callId ? -1 : 1;
}
