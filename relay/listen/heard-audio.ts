/**
 * What all workers that listen to utterances have not heard yet, in bytes: what is being said, and what waits for them.
 *
 * Beyond the bound, the worker for which most waits loses its oldest utterance. So a worker that hangs on many calls
 * costs the others nothing, and however many calls and workers there are, what waits stays within the bound.
 */

/** Less than what keeps the relay from new calls (`MAX_QUEUED_BYTES`). */
export const MAX_HEARD_BYTES = 192 * 1024 * 1024;

/** The utterances that wait for one worker. */
export interface Backlog {
  readonly waitingBytes: number;
  dropOldest(): void;
}

export class HeardAudio {
  readonly #maxBytes: number;
  /** Those for which something waits. */
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
    if (backlog.waitingBytes > 0) this.#backlogs.add(backlog);
    else this.#backlogs.delete(backlog);
    if (bytes > 0)
      while (this.#bytes > this.#maxBytes && this.#backlogs.size > 0) this.#longest()?.dropOldest();
  }

  #longest(): Backlog | undefined {
    let longest: Backlog | undefined;
    for (const each of this.#backlogs)
      if (longest === undefined || each.waitingBytes > longest.waitingBytes) longest = each;
    return longest;
  }
}
