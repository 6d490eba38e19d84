/** How much of a budget was spent in each minute: `[minutes since the epoch, how much]`, in order of time. */
export type SpentMinutes = readonly (readonly [minute: number, spent: number])[];

export type Spending =
  | { readonly kind: 'spent'; readonly minutes: SpentMinutes }
  /** Nothing is left; some will be after `retryAfterMs`. */
  | { readonly kind: 'refused'; readonly retryAfterMs: number };

/** Something of which only so much may be spent in any span of an hour. */
export interface HourlyBudget {
  /**
   * Spends one where fewer than `perHour` were spent in the hour before; returns 0, or milliseconds until there will be one to spend.
   * @throws CallStoreError where that cannot be counted; it must not be done then.
   */
  spend(perHour: number, nowMs: number): Promise<number>;
}

const MINUTE_MS = 60_000;

/** Minutes that an hour touches, the first and the last in part: what was spent in any of them counts. */
const MINUTES = 61;

/**
 * Spends one of a budget of `perHour`. A minute is counted as a whole, so that no span of 60 minutes has more than that; what was spent is
 * free again after 60 to 61 minutes. A clock behind that of an earlier spender spends in his minute.
 */
export function spendOne(before: SpentMinutes, perHour: number, nowMs: number): Spending {
  const now = Math.max(Math.floor(nowMs / MINUTE_MS), before.at(-1)?.[0] ?? 0);
  const recent = before.filter(([minute]) => minute > now - MINUTES);
  let spent = recent.reduce((sum, [, count]) => sum + count, 0);
  if (spent < perHour) return { kind: 'spent', minutes: withOneMore(recent, now) };
  let freeMinute = now + MINUTES;
  for (const [minute, count] of recent) {
    spent -= count;
    if (spent >= perHour) continue;
    freeMinute = minute + MINUTES;
    break;
  }
  return { kind: 'refused', retryAfterMs: Math.max(1, freeMinute * MINUTE_MS - nowMs) };
}

function withOneMore(minutes: SpentMinutes, now: number): SpentMinutes {
  const last = minutes.at(-1);
  if (last?.[0] === now) return [...minutes.slice(0, -1), [now, last[1] + 1]];
  return [...minutes, [now, 1]];
}
