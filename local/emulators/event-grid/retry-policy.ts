/**
 * What follows one delivery attempt (Event Grid, "Delivery and retry"): success is 200 to 204; every other answer, and
 * no answer, is repeated on a growing schedule until the event is too old or was tried often enough.
 */
export interface RetryPolicy {
  /** Event time to live; a repetition that would come later is not made. */
  readonly ttlMs: number;
  readonly maxAttempts: number;
  /** Delay before the second, third, … attempt; the last entry repeats. */
  readonly delaysMs: readonly number[];
  /** The service adds a little randomness to each delay: up to this part of it. The size is not documented. */
  readonly jitter: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The service's defaults: 30 attempts within 24 hours. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  ttlMs: 24 * HOUR,
  maxAttempts: 30,
  delaysMs: [
    10 * SECOND,
    30 * SECOND,
    MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
  ],
  jitter: 0.1,
};

/** What the endpoint answered: an HTTP status, nothing within the limit, or no connection at all. */
export type AttemptResult = number | 'timeout' | 'unreachable';

export type DeadLetterReason = 'NotRetried' | 'MaxDeliveryAttemptsExceeded' | 'TimeToLiveExceeded';

type NextStep =
  | { readonly type: 'delivered' }
  | { readonly type: 'retry'; readonly afterMs: number }
  | { readonly type: 'deadLetter'; readonly reason: DeadLetterReason };

/**
 * @param attempts attempts made so far, the one that just ended included
 * @param ageMs age of the event now
 * @param chance from 0 to 1: how much of the jitter is added
 */
export function nextStep(
  policy: RetryPolicy,
  result: AttemptResult,
  attempts: number,
  ageMs: number,
  chance = 0,
): NextStep {
  if (typeof result === 'number' && result >= 200 && result <= 204) return { type: 'delivered' };
  if (result === 400 || result === 413) return { type: 'deadLetter', reason: 'NotRetried' };
  if (attempts >= policy.maxAttempts) return { type: 'deadLetter', reason: 'MaxDeliveryAttemptsExceeded' };
  const scheduled = policy.delaysMs[Math.min(attempts, policy.delaysMs.length) - 1] ?? 0;
  const afterMs = Math.round(Math.max(scheduled, leastDelayMs(result)) * (1 + policy.jitter * chance));
  if (ageMs + afterMs > policy.ttlMs) return { type: 'deadLetter', reason: 'TimeToLiveExceeded' };
  return { type: 'retry', afterMs };
}

function leastDelayMs(result: AttemptResult): number {
  switch (result) {
    case 401:
    case 403:
    case 404:
      return 5 * MINUTE;
    case 408:
      return 2 * MINUTE;
    case 503:
      return 30 * SECOND;
    default:
      return 0;
  }
}
