/**
 * What all workers that listen to utterances have not heard yet, in bytes: what is being said, and what waits for them.
 *
 * Beyond the bound, the worker with the most unheard audio loses its oldest utterance, or, where none waits for it,
 * what somebody is saying. So a worker that hangs on many calls, and callers who never pause, cost the others nothing,
 * and all of it stays within the bound, however many calls and workers there are.
 */

/** Less than what keeps the relay from new calls (`MAX_QUEUED_BYTES`). */
export const MAX_HEARD_BYTES = 192 * 1024 * 1024;

/** What one worker has not heard yet. */
export interface Backlog {
  readonly queuedBytes: number;
  /** Drops some of it. */
  dropOldest(): void;
}

export class HeardAudio {
  readonly #maxBytes: number;
  /** Those that hold something. */
  readonly #backlogs = new Set<Backlog>();
  #bytes = 0;

  /** @param maxBytes defaults to 192 MiB */
  constructor(maxBytes = MAX_HEARD_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The audio of a backlog has grown by so many bytes, or shrunk if negative. */
  add(bytes: number, backlog: Backlog): void {
    this.#bytes += bytes;
    if (backlog.queuedBytes > 0) this.#backlogs.add(backlog);
    else this.#backlogs.delete(backlog);
    if (bytes > 0)
      while (this.#bytes > this.#maxBytes && this.#backlogs.size > 0) this.#longest()?.dropOldest();
  }

  #longest(): Backlog | undefined {
    let longest: Backlog | undefined;
    for (const each of this.#backlogs)
      if (longest === undefined || each.queuedBytes > longest.queuedBytes) longest = each;
    return longest;
  }
}
