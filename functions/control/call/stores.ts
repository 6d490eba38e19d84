import type { CallPage, CallQuery } from './list.ts';
import type { Call } from './model.ts';

/** One line of what happened to a call. It holds no number, context, token, tone or URL. */
export interface TimelineEntry {
  /** The same event has the same id in every delivery. */
  readonly id: string;
  /** When it happened by the clock of its source, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly source: 'event-grid' | 'acs' | 'api' | 'control';
  readonly type: string;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** Where calls are kept. Every method throws CallStoreError when storage fails. */
export interface CallStore {
  /** Stores a call that is not there yet; false, and no change, where its id is taken. */
  create(call: Call): Promise<boolean>;
  get(callId: string): Promise<Call | undefined>;
  /**
   * Replaces a call by what `change` makes of it, unless somebody else changed it meanwhile: then `change` is asked again with the
   * newer call, so it must have no effects of its own. Nothing is written where it returns the call it was given.
   * @returns what `change` returned last, or undefined for an unknown call.
   * @throws CallStoreError when others are quicker a bounded number of times in a row.
   */
  update<Result extends { readonly call: Call }>(
    callId: string,
    change: (call: Call) => Result,
  ): Promise<Result | undefined>;
  /** Calls that have not ended, the newest first, at most `limit`. Its cost does not grow with the calls of the past. */
  listLive(limit: number): Promise<readonly Call[]>;
  /** A page of the calls that have not ended, or of those that have. Its cost does not grow with the number of calls that are kept. */
  list(query: CallQuery): Promise<CallPage>;
  /** How many calls of a route have not ended; counted no further than `atMost`. */
  countLive(route: string, atMost: number): Promise<number>;
  /** Removes calls that ended before a time, with their timelines: about `limit` of them. @returns their ids; none when there are no more. */
  removeEnded(beforeMs: number, limit: number): Promise<readonly string[]>;
  /** Adds an entry; the same entry (`id` and `atMs`) again changes nothing. */
  appendTimeline(callId: string, entry: TimelineEntry): Promise<void>;
  /** The first `limit` entries in the order of their times, of those that are not earlier than `fromMs`. */
  timeline(callId: string, limit: number, fromMs?: number): Promise<readonly TimelineEntry[]>;
}

export class CallStoreError extends Error {
  override readonly name = 'CallStoreError';
}

/** Where the streams of a call leave what the next one is to know. The text is the relay's own business. */
export interface HandoverStore {
  /** @throws CallStoreError */
  get(callId: string): Promise<string | undefined>;
  /** Replaces what was there. @throws CallStoreError */
  put(callId: string, sealed: string): Promise<void>;
  /** @throws CallStoreError */
  remove(callId: string): Promise<void>;
}
