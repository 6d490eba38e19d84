/** How far the clocks of Azure and of this process may differ. */
const CLOCK_SKEW_MS = 5 * 60_000;

/**
 * When an event happened, as it says so itself, in milliseconds since the epoch. Undefined if it says nothing or names
 * a time that is not possible: an event from the future would sort behind everything that follows it in the timeline.
 */
export function timeOf({ atMs }: { readonly atMs?: number }, nowMs: number): number | undefined {
  return atMs !== undefined && atMs >= 0 && atMs <= nowMs + CLOCK_SKEW_MS ? atMs : undefined;
}
