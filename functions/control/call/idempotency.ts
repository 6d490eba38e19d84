/**
 * Requests that act are acted on once: the first answer under a key is kept and given again to whoever asks with that key.
 *
 * ```
 *            claim                 keep
 *   (none) ────────▶ in progress ────────▶ answered ──── ANSWER_KEPT_MS ───▶ (none)
 *      ▲                │   │
 *      └─── release ────┘   └── IN_PROGRESS_MS: its outcome is unknown, until ANSWER_KEPT_MS
 * ```
 */

/** How long the first answer under a key is given again. */
export const ANSWER_KEPT_MS = 24 * 3_600_000;

/** How long a request may be served; one that is not finished by then was broken off. */
export const IN_PROGRESS_MS = 60_000;

export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What is stored under a key. Times are milliseconds since the epoch. */
export interface KeyRecord {
  /** Tells requests apart that use the same key. */
  readonly fingerprint: string;
  readonly claimedAtMs: number;
  /** Absent while the first request is served. */
  readonly answer?: KeptAnswer;
}

export type Claim =
  /** The key is new: the request is to be served, then `keep` or `release` the key. */
  | { readonly kind: 'claimed' }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer }
  | { readonly kind: 'in progress' }
  | { readonly kind: 'outcome unknown' }
  | { readonly kind: 'other request' };

/** Where keys are kept. Every method throws CallStoreError when storage fails. */
export interface IdempotencyStore {
  /** Takes a key that nobody has; of several claims at once one is given it. */
  claim(key: string, fingerprint: string, nowMs: number): Promise<Claim>;
  /** Ends a claim with its answer. */
  keep(key: string, answer: KeptAnswer): Promise<void>;
  /** Ends a claim as if it had never been made: nothing was done, and asking again may help. */
  release(key: string): Promise<void>;
  /** Removes at most `limit` keys whose time is over, and tells how many. */
  removeExpired(nowMs: number, limit: number): Promise<number>;
}

/** What a record means for a request that comes with its key; undefined: nothing any longer, it may be replaced. */
export function judgeKey(record: KeyRecord, fingerprint: string, nowMs: number): Claim | undefined {
  const ageMs = nowMs - record.claimedAtMs;
  if (ageMs >= ANSWER_KEPT_MS) return undefined;
  if (record.fingerprint !== fingerprint) return { kind: 'other request' };
  if (record.answer !== undefined) return { kind: 'answered', answer: record.answer };
  return ageMs < IN_PROGRESS_MS ? { kind: 'in progress' } : { kind: 'outcome unknown' };
}
