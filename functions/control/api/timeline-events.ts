import type { StreamPlace } from '../access/stream-places.ts';
import type { Call } from '../call/model.ts';
import { type CallStore, CallStoreError, type TimelineEntry } from '../call/stores.ts';
import type { ControlDeps, Log } from '../use-cases/deps.ts';
import { timelineView } from './call-view.ts';

/**
 * How long a stream lasts: less than the front end of Azure allows. The host does not report that a client has gone.
 */
export const STREAM_LASTS_MS = 120_000;

/** How often to look for new entries. */
const POLL_MS = 500;

/** After so many polls the call is read even though its timeline has no new entry. */
const CALL_EVERY_POLLS = 20;

/** How long after a call's end the last entries may arrive. */
const QUIET_AFTER_END_MS = 2_000;

/** How often a comment is sent so that the connection does not look idle. */
const HEARTBEAT_MS = 15_000;

/** How long a browser waits before it opens a finished stream again. */
const RECONNECT_MS = 1_000;

/** Entries that are read at a time: more than a call has within a window. */
const MAX_ENTRIES = 10_000;

interface TimelineSource {
  readonly callId: string;
  readonly store: Pick<CallStore, 'get' | 'timeline'>;
  readonly clock: ControlDeps['clock'];
  readonly place: StreamPlace;
  /** Whether the reader may still read a call that has become like this. */
  readonly mayRead: (call: Call) => boolean;
  readonly log: Log;
}

/**
 * A call's timeline as server-sent events: the entries after `from`, then each new one, until the call has ended and
 * been quiet (then an event `end`). The stream ends earlier, without a word, when it has lasted long enough, has lost
 * its place, or its reader may not read any more. The client opens it again if it can. Its place is free when it ends.
 */
export async function* timelineEvents(
  source: TimelineSource,
  from: StreamPosition | undefined,
): AsyncGenerator<string> {
  const { place, clock } = source;
  place.asked();
  try {
    for await (const event of follow(source, from)) {
      place.answered(clock.now());
      yield event;
      place.asked();
    }
  } catch (error) {
    if (!(error instanceof CallStoreError)) throw error;
    // The client reconnects and continues from its position.
    source.log.warn('Storage failed, so the stream of a timeline was closed', {
      callId: source.callId,
      why: error.message,
    });
  } finally {
    place.free();
  }
}

/** Whether a client at position `from` has missed anything. */
export async function hasNews(
  source: Pick<TimelineSource, 'callId' | 'store'>,
  from: StreamPosition,
): Promise<boolean> {
  return unread(await entriesFrom(source, windowStart(from)), from).length > 0;
}

async function* follow(source: TimelineSource, from: StreamPosition | undefined): AsyncGenerator<string> {
  yield `retry: ${RECONNECT_MS}\n\n`;
  const { clock, store, callId, place, mayRead } = source;
  const sent = new SentEntries();
  const startedMs = clock.now();
  let spokenMs = startedMs;
  let quietSinceMs: number | undefined;
  for (let polls = 0; place.isHeld && clock.now() - startedMs < STREAM_LASTS_MS; polls += 1) {
    const entries = await entriesFrom(
      source,
      polls === 0 && from !== undefined ? windowStart(from) : sent.startMs,
    );
    const fresh = polls === 0 && from !== undefined ? sent.resume(entries, from) : sent.unsent(entries);
    for (const entry of fresh) {
      sent.add(entry);
      yield `id: ${formatPosition(sent.position)}\ndata: ${JSON.stringify(timelineView(entry))}\n\n`;
      spokenMs = clock.now();
    }
    if (fresh.length > 0) quietSinceMs = undefined;
    if (quietSinceMs === undefined && (fresh.length > 0 || polls % CALL_EVERY_POLLS === 0)) {
      const call = await store.get(callId);
      if (call !== undefined && !mayRead(call)) return;
      if (call?.phase === 'ended') quietSinceMs = clock.now();
    }
    if (quietSinceMs !== undefined && clock.now() - quietSinceMs >= QUIET_AFTER_END_MS) {
      yield 'event: end\ndata: {}\n\n';
      return;
    }
    if (clock.now() - spokenMs >= HEARTBEAT_MS) {
      yield ': still here\n\n';
      spokenMs = clock.now();
    }
    await clock.sleep(POLL_MS);
  }
}

/** The entries of the window that a stream has sent. */
class SentEntries {
  readonly #sent = new Map<string, number>();
  #newestMs = 0;

  get position(): StreamPosition {
    return { newestMs: this.#newestMs, sent: this.#sent.size };
  }

  /** From when on to look for new entries. */
  get startMs(): number {
    return windowStart(this.position);
  }

  /** Continues an earlier stream. Returns the entries that it has not sent. */
  resume(entries: readonly TimelineEntry[], from: StreamPosition): readonly TimelineEntry[] {
    const fresh = unread(entries, from);
    for (const entry of entries) if (!fresh.includes(entry)) this.add(entry);
    this.#newestMs = Math.max(this.#newestMs, from.newestMs);
    return fresh;
  }

  unsent(entries: readonly TimelineEntry[]): readonly TimelineEntry[] {
    return entries.filter((entry) => !this.#sent.has(keyOf(entry)));
  }

  add(entry: TimelineEntry): void {
    this.#sent.set(keyOf(entry), entry.atMs);
    if (entry.atMs <= this.#newestMs) return;
    this.#newestMs = entry.atMs;
    for (const [key, atMs] of this.#sent) if (atMs < entry.atMs - WINDOW_MS) this.#sent.delete(key);
  }
}

function keyOf({ id, atMs }: TimelineEntry): string {
  return `${atMs} ${id}`;
}

function entriesFrom(
  { store, callId }: Pick<TimelineSource, 'callId' | 'store'>,
  fromMs: number,
): Promise<readonly TimelineEntry[]> {
  return store.timeline(callId, MAX_ENTRIES, fromMs);
}

/**
 * How far a client has read a timeline: the time of the newest entry, and how many entries there were in the
 * `WINDOW_MS` before it. Entries have the times of their sources and may be stored late, behind others. If the number
 * has grown, some came late, and the window is sent again.
 */
interface StreamPosition {
  readonly newestMs: number;
  readonly sent: number;
}

/** How late an entry may be stored and still be sent by a running stream: longer than callbacks are repeated. */
const WINDOW_MS = 600_000;

const POSITION = /^(\d{1,15})\.(\d{1,6})$/;

export function parsePosition(text: string): StreamPosition | undefined {
  const [, newestMs, sent] = POSITION.exec(text) ?? [];
  return newestMs === undefined || sent === undefined
    ? undefined
    : { newestMs: Number(newestMs), sent: Number(sent) };
}

export function formatPosition({ newestMs, sent }: StreamPosition): string {
  return `${newestMs}.${sent}`;
}

/** Where the window of a position begins. */
function windowStart({ newestMs }: StreamPosition): number {
  return Math.max(0, newestMs - WINDOW_MS);
}

/** The entries from the window on that a client at this position has not read. */
function unread(entries: readonly TimelineEntry[], position: StreamPosition): readonly TimelineEntry[] {
  const before = entries.filter(({ atMs }) => atMs <= position.newestMs);
  return before.length === position.sent ? entries.slice(before.length) : entries;
}
