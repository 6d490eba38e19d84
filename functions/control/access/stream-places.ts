import { ProblemError } from '../http/problems.ts';

/** Timelines that one process streams at a time. */
const MAX_STREAMS = 100;

/** Timelines that one process streams to one caller at a time. */
const MAX_STREAMS_PER_CALLER = 4;

/** Timelines that one process streams to workers. A worker app holds many tokens, and must leave places to others. */
const MAX_WORKER_STREAMS = 50;

/** A stream that nobody has read from for so long loses its place. */
const UNREAD_MS = 5_000;

/** The place of one stream among those of the process. */
export interface StreamPlace {
  /** Whether the stream may go on. */
  readonly isHeld: boolean;
  /** Its reader asks for more, so the stream is in use until it answers. */
  asked(): void;
  /** It has answered. The reader has `UNREAD_MS` to ask again. */
  answered(nowMs: number): void;
  /** Gives the place to others. May be called more than once. */
  free(): void;
}

/** To whom a timeline is streamed. */
interface StreamReader {
  /** The same for every request of a caller. */
  readonly id: string;
  /** Whether it is a worker on a call. */
  readonly isWorker: boolean;
}

interface Taken {
  readonly reader: StreamReader;
  /** Since when nobody reads; undefined while a reader waits. */
  unreadSinceMs: number | undefined;
}

/** The timelines that this process is streaming. Nobody can take the places of all others. */
export class StreamPlaces {
  readonly #taken = new Set<Taken>();

  get size(): number {
    return this.#taken.size;
  }

  /**
   * Takes a place for a stream to a reader who has not asked for anything yet.
   * @throws ProblemError `too-many-streams`
   */
  take(reader: StreamReader, nowMs: number): StreamPlace {
    this.#freeUnread(nowMs);
    const readers = [...this.#taken].map((taken) => taken.reader);
    if (readers.filter(({ id }) => id === reader.id).length >= MAX_STREAMS_PER_CALLER)
      throw tooMany(`This instance already streams ${MAX_STREAMS_PER_CALLER} timelines to this caller.`);
    if (reader.isWorker && readers.filter(({ isWorker }) => isWorker).length >= MAX_WORKER_STREAMS)
      throw tooMany(`This instance already streams ${MAX_WORKER_STREAMS} timelines to workers.`);
    if (this.#taken.size >= MAX_STREAMS)
      throw tooMany(`This instance already streams ${MAX_STREAMS} timelines.`);
    const taken: Taken = { reader, unreadSinceMs: nowMs };
    const all = this.#taken.add(taken);
    return {
      get isHeld() {
        return all.has(taken);
      },
      asked: () => {
        taken.unreadSinceMs = undefined;
      },
      answered: (atMs) => {
        taken.unreadSinceMs = atMs;
      },
      free: () => void all.delete(taken),
    };
  }

  #freeUnread(nowMs: number): void {
    for (const taken of this.#taken)
      if (taken.unreadSinceMs !== undefined && nowMs - taken.unreadSinceMs >= UNREAD_MS)
        this.#taken.delete(taken);
  }
}

function tooMany(detail: string): ProblemError {
  return new ProblemError('too-many-streams', detail, {}, { 'retry-after': '5' });
}
