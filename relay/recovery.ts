/** Tells whoever waits that a connection is back, or that it never will be. */
export class Recovery {
  #next = Promise.withResolvers<void>();
  #isClosed = false;

  constructor() {
    this.#markHandled();
  }

  /** Resolves the next time the service accepts the connection; rejects when it is closed for good. */
  next(): Promise<void> {
    return this.#next.promise;
  }

  connected(): void {
    if (this.#isClosed) return;
    const { resolve } = this.#next;
    this.#next = Promise.withResolvers<void>();
    this.#markHandled();
    resolve();
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#next.reject(new Error('the connection is closed'));
  }

  /** Nobody need wait: a rejection that nobody sees is no error of the process. */
  #markHandled(): void {
    this.#next.promise.catch(() => {});
  }
}
