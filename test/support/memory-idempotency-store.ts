import {
  ANSWER_KEPT_MS,
  type Claim,
  type IdempotencyStore,
  judgeKey,
  type KeptAnswer,
  type KeyRecord,
} from '../../functions/control/call/idempotency.ts';
import { CallStoreError } from '../../functions/control/call/stores.ts';

/** Keys in memory, by the rules of the table. */
export class MemoryIdempotencyStore implements IdempotencyStore {
  readonly #records = new Map<string, KeyRecord>();
  /** Set to make every operation fail, as when storage cannot be reached. */
  outage = false;

  async claim(key: string, fingerprint: string, nowMs: number): Promise<Claim> {
    await this.#travel();
    const record = this.#records.get(key);
    const verdict = record === undefined ? undefined : judgeKey(record, fingerprint, nowMs);
    if (verdict !== undefined) return verdict;
    this.#records.set(key, { fingerprint, claimedAtMs: nowMs });
    return { kind: 'claimed' };
  }

  async keep(key: string, answer: KeptAnswer): Promise<void> {
    await this.#travel();
    const record = this.#records.get(key);
    if (record === undefined) throw new Error('an answer is kept for a key that nobody has claimed');
    this.#records.set(key, { ...record, answer });
  }

  async release(key: string): Promise<void> {
    await this.#travel();
    this.#records.delete(key);
  }

  async removeExpired(nowMs: number, limit: number): Promise<number> {
    await this.#travel();
    const expired = [...this.#records]
      .filter(([, { claimedAtMs }]) => nowMs - claimedAtMs >= ANSWER_KEPT_MS)
      .slice(0, limit);
    for (const [key] of expired) this.#records.delete(key);
    return expired.length;
  }

  async #travel(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (this.outage) throw new CallStoreError('storage could not be reached');
  }
}
