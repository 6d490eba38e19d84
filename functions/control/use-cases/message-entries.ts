import type { CallStore, TimelineEntry } from '../call/stores.ts';

/** Messages of this long after the first one share its entry. */
const FOLD_MS = 60_000;
/** Entries that are open at the same time in one call. Messages to further workers share one entry. */
const MAX_OPEN_PER_CALL = 16;
/** Entries that are open at the same time in this process. Beyond it, the oldest is closed. */
const MAX_OPEN = 10_000;

interface Open {
  readonly callId: string;
  entry: TimelineEntry;
  count: number;
  /** The write that is under way. */
  running: Promise<void>;
  /** The write that comes next, and takes along every message until it begins. */
  next: Promise<void> | undefined;
}

/**
 * Enters messages to workers in the timeline: those to one worker within a minute as one entry, with their number
 * (`count`) and the time of the last one (`lastAtMs`). So messages, however many, do not hide what changes the call.
 * Each process writes entries of its own, and forgets them when it stops: the next message then begins another one.
 */
export class MessageEntries {
  readonly #store: Pick<CallStore, 'putTimeline'>;
  readonly #newId: () => string;
  /** By call and worker; the newest last. */
  readonly #open = new Map<string, Open>();

  constructor({
    store,
    newId,
  }: {
    readonly store: Pick<CallStore, 'putTimeline'>;
    readonly newId: () => string;
  }) {
    this.#store = store;
    this.#newId = newId;
  }

  /** Resolves when the message is entered. `worker`: undefined for a message to all. @throws CallStoreError */
  add(callId: string, worker: string | undefined, atMs: number): Promise<void> {
    this.#close(atMs);
    const key = this.#keyOf(callId, worker);
    const open = this.#open.get(key) ?? this.#begin(key, callId, worker, atMs);
    open.count += 1;
    const { entry, count } = open;
    if (count > 1)
      open.entry = { ...entry, details: { ...entry.details, count, lastAtMs: Math.max(atMs, entry.atMs) } };
    return this.#write(open);
  }

  #begin(key: string, callId: string, worker: string | undefined, atMs: number): Open {
    const isShared = key === sharedKey(callId);
    const open: Open = {
      callId,
      entry: {
        id: this.#newId(),
        atMs,
        source: 'api',
        type: 'MessageSent',
        details: worker === undefined || isShared ? {} : { worker },
      },
      count: 0,
      running: Promise.resolve(),
      next: undefined,
    };
    this.#open.set(key, open);
    const [oldest] = this.#open.keys();
    if (this.#open.size > MAX_OPEN && oldest !== undefined) this.#open.delete(oldest);
    return open;
  }

  #keyOf(callId: string, worker: string | undefined): string {
    const key = `${callId} ${worker ?? ''}`;
    if (this.#open.has(key)) return key;
    let count = 0;
    for (const open of this.#open.values()) if (open.callId === callId) count += 1;
    return count < MAX_OPEN_PER_CALL ? key : sharedKey(callId);
  }

  #close(nowMs: number): void {
    for (const [key, { entry }] of this.#open) {
      // They are in the order of their first messages.
      if (nowMs - entry.atMs < FOLD_MS) return;
      this.#open.delete(key);
    }
  }

  #write(open: Open): Promise<void> {
    open.next ??= open.running
      .catch(() => {})
      .then(() => {
        open.next = undefined;
        open.running = this.#store.putTimeline(open.callId, [open.entry]);
        return open.running;
      });
    return open.next;
  }
}

/** Of the messages to workers beyond `MAX_OPEN_PER_CALL`. No worker has such a name. */
function sharedKey(callId: string): string {
  return `${callId} *`;
}
