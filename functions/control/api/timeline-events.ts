import type { StreamPlace } from '../access/stream-places.ts';
import type { Call } from '../call/model.ts';
import { type CallStore, CallStoreError, placeAt, type TimelineEntry } from '../call/stores.ts';
import type { ControlDeps, Log } from '../use-cases/deps.ts';
import { timelineView } from './call-view.ts';

/**
 * How long a stream lasts: less than the front end of Azure allows. The host does not report that a client has gone.
 */
const STREAM_LASTS_MS = 120_000;

/** How often to look for new entries. */
const POLL_MS = 500;

/** After so many polls the call is read even though its timeline has no new entry, and the whole window is. */
const WHOLE_EVERY_POLLS = 20;

/** What the other polls look at before the newest entry: the window may hold tens of thousands of entries. */
const RECENT_MS = 30_000;

/** How long after a call's end the last entries may arrive. */
const QUIET_AFTER_END_MS = 2_000;

/** How often a comment is sent so that the connection does not look idle. */
const HEARTBEAT_MS = 15_000;

/** How long a browser waits before it opens a finished stream again. */
const RECONNECT_MS = 1_000;

/** Entries that are read at a time. */
const PAGE_ENTRIES = 1_000;

interface TimelineSource {
  readonly callId: string;
  readonly store: Pick<CallStore, 'get' | 'timelineBetween'>;
  /** Also what somebody said. */
  readonly transcripts: boolean;
  readonly clock: ControlDeps['clock'];
  readonly place: StreamPlace;
  /** Whether the reader may still read a call that has become like this. */
  readonly mayRead: (call: Call) => boolean;
  readonly log: Log;
}

type TimelineEntries = Pick<TimelineSource, 'callId' | 'store' | 'transcripts'>;

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

/** Whether a client at position `from` has missed anything. It reads no further than it must, whatever the position. */
export async function hasNews(source: TimelineEntries, from: StreamPosition): Promise<boolean> {
  let before = 0;
  for await (const entries of pagesFrom(source, windowStart(from)))
    for (const { atMs } of entries) {
      if (atMs > from.newestMs) return true;
      before += 1;
    }
  return before !== from.sent;
}

async function* follow(source: TimelineSource, from: StreamPosition | undefined): AsyncGenerator<string> {
  yield `retry: ${RECONNECT_MS}\n\n`;
  const { clock, store, callId, place, mayRead } = source;
  const sent = from === undefined ? new SentEntries() : await sentBefore(source, from);
  const startedMs = clock.now();
  let spokenMs = startedMs;
  let quietSinceMs: number | undefined;
  const lasts = (): boolean => place.isHeld && clock.now() - startedMs < STREAM_LASTS_MS;
  for (let polls = 0; lasts(); polls += 1) {
    let isFresh = false;
    const isWhole = polls % WHOLE_EVERY_POLLS === 0 || quietSinceMs !== undefined;
    const recentMs = Math.min(sent.position.newestMs, clock.now()) - RECENT_MS;
    const fromMs = isWhole ? sent.startMs : Math.max(sent.startMs, recentMs);
    for await (const entries of pagesFrom(source, fromMs)) {
      for (const entry of entries) {
        if (!sent.add(entry)) continue;
        isFresh = true;
        yield `id: ${formatPosition(sent.position)}\ndata: ${JSON.stringify(timelineView(entry))}\n\n`;
        spokenMs = clock.now();
      }
      if (!lasts()) return;
    }
    if (isFresh) quietSinceMs = undefined;
    if (quietSinceMs === undefined && (isFresh || isWhole)) {
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

/** What the client of an earlier stream has read. If entries came late, that is nothing: the window is sent again. */
async function sentBefore(source: TimelineEntries, from: StreamPosition): Promise<SentEntries> {
  const read = new SentEntries(from.newestMs);
  for await (const entries of pagesFrom(source, windowStart(from))) {
    const earlier = entries.filter(({ atMs }) => atMs <= from.newestMs);
    for (const entry of earlier) read.add(entry);
    if (earlier.length < entries.length) break;
  }
  return read.position.sent === from.sent ? read : new SentEntries(from.newestMs);
}

/** The entries of the window that a stream has sent. */
class SentEntries {
  readonly #sent = new Set<string>();
  /** The same entries in order of time. Those before `#first` are forgotten. */
  readonly #inOrder: { readonly key: string; readonly atMs: number }[] = [];
  #first = 0;
  #newestMs: number;

  constructor(newestMs = 0) {
    this.#newestMs = newestMs;
  }

  get position(): StreamPosition {
    return { newestMs: this.#newestMs, sent: this.#sent.size };
  }

  /** From when on to look for new entries. */
  get startMs(): number {
    return windowStart(this.position);
  }

  /** Returns false for an entry that was added before. */
  add({ id, atMs }: TimelineEntry): boolean {
    const key = `${atMs} ${id}`;
    if (this.#sent.has(key)) return false;
    this.#sent.add(key);
    let at = this.#inOrder.length;
    while (at > this.#first && (this.#inOrder[at - 1]?.atMs ?? 0) > atMs) at -= 1;
    this.#inOrder.splice(at, 0, { key, atMs });
    if (atMs > this.#newestMs) {
      this.#newestMs = atMs;
      this.#forgetBefore(atMs - WINDOW_MS);
    }
    return true;
  }

  #forgetBefore(limitMs: number): void {
    for (;;) {
      const oldest = this.#inOrder[this.#first];
      if (oldest === undefined || oldest.atMs >= limitMs) break;
      this.#sent.delete(oldest.key);
      this.#first += 1;
    }
    if (this.#first < PAGE_ENTRIES || this.#first * 2 < this.#inOrder.length) return;
    this.#inOrder.splice(0, this.#first);
    this.#first = 0;
  }
}

/** All entries from a time on, in order of time, some at a time. */
async function* pagesFrom(
  { store, callId, transcripts }: TimelineEntries,
  fromMs: number,
): AsyncGenerator<readonly TimelineEntry[]> {
  for (let after = placeAt(fromMs); ; ) {
    const page = await store.timelineBetween(callId, PAGE_ENTRIES, { after, transcripts });
    yield page.map(({ entry }) => entry);
    const last = page.at(-1);
    if (page.length < PAGE_ENTRIES || last === undefined) return;
    after = last.place;
  }
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
