import type { TimelineEntry } from '../call/stores.ts';

/**
 * How far somebody has heard a timeline: the time of the newest entry, and how many entries of `WINDOW_MS` up to that time. Entries are
 * told by the clocks of their sources and may be stored late, behind others: where the number has grown, some came late, and the window
 * is told again.
 */
export interface StreamPosition {
  readonly newestMs: number;
  readonly told: number;
}

/** How late an entry may be stored and still be told by a stream that goes on: longer than callbacks are repeated. */
export const WINDOW_MS = 600_000;

const POSITION = /^(\d{1,15})\.(\d{1,6})$/;

export function parsePosition(text: string): StreamPosition | undefined {
  const [, newestMs, told] = POSITION.exec(text) ?? [];
  return newestMs === undefined || told === undefined
    ? undefined
    : { newestMs: Number(newestMs), told: Number(told) };
}

export function formatPosition({ newestMs, told }: StreamPosition): string {
  return `${newestMs}.${told}`;
}

/** Where the window of a position begins. */
export function windowStart({ newestMs }: StreamPosition): number {
  return Math.max(0, newestMs - WINDOW_MS);
}

/** The entries of the window and after it that are still to be told to somebody who has heard up to a position. */
export function untold(
  entries: readonly TimelineEntry[],
  position: StreamPosition,
): readonly TimelineEntry[] {
  const before = entries.filter(({ atMs }) => atMs <= position.newestMs);
  return before.length === position.told ? entries.slice(before.length) : entries;
}
