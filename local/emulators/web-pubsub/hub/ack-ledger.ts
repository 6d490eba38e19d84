/** An ack id is an unsigned 64-bit integer; beyond what a number holds exactly it is a bigint. */
export type AckId = number | bigint;

/** The ack ids of one logical connection that were processed with success. Forgets the oldest beyond its capacity. */
export class AckLedger {
  readonly #capacity: number;
  readonly #ids = new Set<AckId>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  has(id: AckId): boolean {
    return this.#ids.has(id);
  }

  add(id: AckId): void {
    this.#ids.add(id);
    if (this.#ids.size <= this.#capacity) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      return;
    }
  }
}
