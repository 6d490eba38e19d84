import type { CallPage, CallQuery } from './list.ts';
import type { Call } from './model.ts';

/**
 * The type of an entry with words that somebody spoke. Only who may listen to calls reads it, so storage leaves these
 * entries out unless it is asked for them.
 */
export const TRANSCRIPT = 'Transcript';

/**
 * One line of a call's history. Apart from what workers publish, it contains no number, context, token, tone or URL.
 */
export interface TimelineEntry {
  /** The same event has the same id in every delivery. */
  readonly id: string;
  /** When it happened, by the clock of its source, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly source: 'event-grid' | 'acs' | 'api' | 'control' | 'worker';
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
   * @param known the call as `get` has returned it a moment ago, which saves reading it
   * @returns the last result of `change`, or undefined for an unknown call
   * @throws CallStoreError if others change the call a bounded number of times in a row
   */
  update<Result extends { readonly call: Call }>(
    callId: string,
    change: (call: Call) => Result,
    known?: Call,
  ): Promise<Result | undefined>;
  /**
   * At most `limit` calls that have not ended, newest first. The cost does not grow with the number of past calls.
   */
  listLive(limit: number): Promise<readonly Call[]>;
  /**
   * A page of the calls that have not ended, or of past calls. The cost does not grow with the number of past calls:
   * where few of them match, a page is short or empty, and says where to go on.
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
   * Removes about `limit` calls that ended before a time, with their timelines.
   * @param isInTime asked between requests to storage; once it returns false, the rest is left to the next time.
   * Defaults to any time
   * @returns the ids of those that are gone; none if no more are left
   */
  removeEnded(beforeMs: number, limit: number, isInTime?: () => boolean): Promise<readonly string[]>;
  /** Adds an entry. The same entry (`id` and `atMs`) again changes nothing. */
  appendTimeline(callId: string, entry: TimelineEntry): Promise<void>;
  /** Adds up to a hundred entries, all or none. Each replaces the one with the same `id` and `atMs`. */
  putTimeline(callId: string, entries: readonly TimelineEntry[]): Promise<void>;
  /** The first `limit` entries without transcripts, in order of time. */
  timeline(callId: string, limit: number): Promise<readonly TimelineEntry[]>;
  /**
   * The first `limit` entries after and before two places, neither of them included, in order of time. `transcripts`:
   * also entries of the type `TRANSCRIPT`. Defaults to false.
   */
  timelineBetween(
    callId: string,
    limit: number,
    range: { readonly after?: string; readonly before?: string; readonly transcripts?: boolean },
  ): Promise<readonly PlacedEntry[]>;
}

/**
 * An entry and its place in the timeline. Places are texts (`TIMELINE_PLACE_PATTERN`) that sort as their entries do: by
 * time, and in any fixed order among entries of the same time.
 */
export interface PlacedEntry {
  readonly place: string;
  readonly entry: TimelineEntry;
}

const TIME_DIGITS = 15;

/** The place before every entry of a time, in milliseconds since the epoch. Earlier times than 0 count as 0. */
export function placeAt(atMs: number): string {
  return Math.max(0, Math.trunc(atMs)).toString().padStart(TIME_DIGITS, '0');
}

/** The time of a place, in milliseconds since the epoch. */
export function timeOfPlace(place: string): number {
  return Number(place.slice(0, TIME_DIGITS));
}

/**
 * The store for one request that has read its call already: the first look at that call costs no other read.
 * @param refusalIn why the request may not change the call as it is by now. It is asked in each attempt of the first
 * change, since others may change the call between two attempts. What follows records what was done, and is not asked
 * about. Defaults to a request that may change every call
 */
export function knowing(
  store: CallStore,
  call: Call,
  refusalIn: (now: Call) => Error | undefined = () => undefined,
): CallStore {
  let unused: Call | undefined = call;
  let isDone = false;
  const take = (callId: string): Call | undefined => {
    const known = callId === call.callId ? unused : undefined;
    unused = undefined;
    return known;
  };
  return {
    create: (fresh) => store.create(fresh),
    get: async (callId) => take(callId) ?? (await store.get(callId)),
    update: async (callId, change) => {
      if (isDone || callId !== call.callId) return await store.update(callId, change, take(callId));
      const changed = await store.update(
        callId,
        (now) => {
          const refusal = refusalIn(now);
          if (refusal !== undefined) return { call: now, refusal };
          const made = change(now);
          return { call: made.call, made };
        },
        take(callId),
      );
      if (changed?.refusal !== undefined) throw changed.refusal;
      isDone = true;
      return changed?.made;
    },
    listLive: (limit) => store.listLive(limit),
    listUnconfirmed: (...range) => store.listUnconfirmed(...range),
    list: (query) => store.list(query),
    countLive: (route, atMost) => store.countLive(route, atMost),
    removeEnded: (...which) => store.removeEnded(...which),
    appendTimeline: (callId, entry) => store.appendTimeline(callId, entry),
    putTimeline: (callId, entries) => store.putTimeline(callId, entries),
    timeline: (callId, limit) => store.timeline(callId, limit),
    timelineBetween: (callId, limit, range) => store.timelineBetween(callId, limit, range),
  };
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
