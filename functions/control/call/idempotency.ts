/**
 * A request with an Idempotency-Key is carried out once. Its answer is stored under the key, and every repetition
 * gets that answer.
 *
 * ```
 *            claim                 keep
 *   (none) ────────▶ in progress ────────▶ answered ──── ANSWER_KEPT_MS ───▶ (none)
 *      ▲                │   │
 *      └─── release ────┘   └── IN_PROGRESS_MS: its outcome is unknown, until ANSWER_KEPT_MS
 * ```
 */

/** How long a stored answer is given again. */
export const ANSWER_KEPT_MS = 24 * 3_600_000;

/** How long a request may take. One that takes longer was interrupted. */
const IN_PROGRESS_MS = 60_000;

export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What is stored under a key. Times are milliseconds since the epoch. */
export interface KeyRecord {
  /** Distinguishes requests that use the same key. */
  readonly fingerprint: string;
  readonly claimedAtMs: number;
  /** Undefined while the first request is being served. */
  readonly answer?: KeptAnswer;
}

export type Claim =
  /** The key is new: serve the request, then `keep` or `release` the key. */
  | { readonly kind: 'claimed' }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer }
  | { readonly kind: 'in progress' }
  | { readonly kind: 'outcome unknown' }
  | { readonly kind: 'other request' };

/** Where keys are stored. Every method throws CallStoreError if storage fails. */
export interface IdempotencyStore {
  /** Claims a free key. Of several concurrent claims, one succeeds. */
  claim(key: string, fingerprint: string, nowMs: number): Promise<Claim>;
  /** Completes a claim with its answer. */
  keep(key: string, answer: KeptAnswer): Promise<void>;
  /** Undoes a claim: nothing was done, and a repetition may succeed. */
  release(key: string): Promise<void>;
  /** Removes at most `limit` expired keys, and returns how many. */
  removeExpired(nowMs: number, limit: number): Promise<number>;
}

/** What a stored record means for a request with its key. Undefined if the record has expired and may be replaced. */
export function judgeKey(record: KeyRecord, fingerprint: string, nowMs: number): Claim | undefined {
  const ageMs = nowMs - record.claimedAtMs;
  if (ageMs >= ANSWER_KEPT_MS) return undefined;
  if (record.fingerprint !== fingerprint) return { kind: 'other request' };
  if (record.answer !== undefined) return { kind: 'answered', answer: record.answer };
  return ageMs < IN_PROGRESS_MS ? { kind: 'in progress' } : { kind: 'outcome unknown' };
}
