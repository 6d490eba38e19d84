import type { CallPage, CallQuery } from './list.ts';
import type { Call } from './model.ts';

/** One line of a call's history. It contains no number, context, token, tone or URL. */
export interface TimelineEntry {
  /** The same event has the same id in every delivery. */
  readonly id: string;
  /** When it happened, by the clock of its source, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly source: 'event-grid' | 'acs' | 'api' | 'control';
  readonly type: string;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** Where calls are stored. Every method throws CallStoreError if storage fails. */
export interface CallStore {
  /** Stores a new call. Returns false, and changes nothing, if its id is taken. */
  create(call: Call): Promise<boolean>;
  get(callId: string): Promise<Call | undefined>;
  /**
   * Replaces a call by the result of `change`. If the call changed meanwhile, `change` is called again with the newer
   * call, so it must have no side effects. Nothing is written if it returns the call unchanged.
   * @returns the last result of `change`, or undefined for an unknown call
   * @throws CallStoreError if others change the call a bounded number of times in a row
   */
  update<Result extends { readonly call: Call }>(
    callId: string,
    change: (call: Call) => Result,
  ): Promise<Result | undefined>;
  /**
   * At most `limit` calls that have not ended, newest first. The cost does not grow with the number of past calls.
   */
  listLive(limit: number): Promise<readonly Call[]>;
  /**
   * A page of the calls that have not ended, or of past calls. The cost does not grow with the number of stored
   * calls.
   */
  list(query: CallQuery): Promise<CallPage>;
  /**
   * At most `limit` calls that ended by an event within this time and about which ACS has not been asked since, those
   * that ended last first. The cost does not grow with the number of other past calls.
   */
  listUnconfirmed(range: {
    readonly endedFromMs: number;
    readonly endedToMs: number;
    readonly limit: number;
  }): Promise<readonly Call[]>;
  /** How many calls of a route have not ended. Counting stops at `atMost`. */
  countLive(route: string, atMost: number): Promise<number>;
  /**
   * Removes about `limit` calls that ended before a time, with their timelines. @returns their ids; none if no more
   * are left
   */
  removeEnded(beforeMs: number, limit: number): Promise<readonly string[]>;
  /** Adds an entry. The same entry (`id` and `atMs`) again changes nothing. */
  appendTimeline(callId: string, entry: TimelineEntry): Promise<void>;
  /** The first `limit` entries from `fromMs` on, in order of time. */
  timeline(callId: string, limit: number, fromMs?: number): Promise<readonly TimelineEntry[]>;
}

export class CallStoreError extends Error {
  override readonly name = 'CallStoreError';
}

/** Where one media stream of a call leaves its state for the next. Only relays can read the text. */
export interface HandoverStore {
  /** @throws CallStoreError */
  get(callId: string): Promise<string | undefined>;
  /**
   * Replaces the stored text. Returns false, and changes nothing, if the stored one has a higher version.
   * @throws CallStoreError
   */
  put(callId: string, sealed: string, version: number): Promise<boolean>;
  /** @throws CallStoreError */
  remove(callId: string): Promise<void>;
}
