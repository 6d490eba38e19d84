/** How much of a budget was spent in each minute: `[minutes since the epoch, amount]`, in order of time. */
export type SpentMinutes = readonly (readonly [minute: number, spent: number])[];

/** Nothing is left. Something will be after `retryAfterMs`. */
type NothingLeft = { readonly kind: 'refused'; readonly retryAfterMs: number };

type Spending = { readonly kind: 'spent'; readonly minutes: SpentMinutes } | NothingLeft;

/** One that was spent, and the minute in which it counts. */
export interface Spent {
  readonly kind: 'spent';
  /** Unique, so that nothing is given back twice. */
  readonly id: string;
  readonly minute: number;
}

/** A budget that limits how much is spent in any 60 minutes. */
export interface HourlyBudget {
  /**
   * Spends one if fewer than `perHour` were spent in the last hour.
   * @throws CallStoreError if it cannot be counted, in which case the caller must not go ahead
   */
  spend(perHour: number, nowMs: number): Promise<Spent | NothingLeft>;
  /**
   * Gives one back that led to nothing, once, however often this is called.
   * @throws CallStoreError if it cannot be counted: it may stay spent
   */
  giveBack(spent: Spent): Promise<void>;
}

const MINUTE_MS = 60_000;

/**
 * Minutes that an hour touches: the first and the last count as a whole, though the hour covers them only in part.
 */
const MINUTES = 61;

/**
 * Spends one from a budget of `perHour`. A minute counts as a whole, so no 60 minutes hold more than that, and what
 * was spent is free again after 60 to 61 minutes. With clock skew, a call counts in the latest minute already
 * recorded.
 */
export function spendOne(before: SpentMinutes, perHour: number, nowMs: number): Spending {
  const now = Math.max(minuteOf(nowMs), before.at(-1)?.[0] ?? 0);
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

/** Gives back one that was spent in a minute. The same minutes if none was. */
export function giveOneBack(before: SpentMinutes, minute: number): SpentMinutes {
  if (!before.some(([each]) => each === minute)) return before;
  return before
    .map(([each, spent]) => [each, each === minute ? spent - 1 : spent] as const)
    .filter(([, spent]) => spent > 0);
}

/** The minute of a time. What is spent then counts in it, or in a later one if that has been recorded already. */
export function minuteOf(nowMs: number): number {
  return Math.floor(nowMs / MINUTE_MS);
}

function withOneMore(minutes: SpentMinutes, now: number): SpentMinutes {
  const last = minutes.at(-1);
  if (last?.[0] === now) return [...minutes.slice(0, -1), [now, last[1] + 1]];
  return [...minutes, [now, 1]];
}
