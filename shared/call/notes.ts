/** Texts that workers publish about their call. */

import type { TextKind } from './plan.ts';

/** How many texts of each kind the timeline of one call has at most. */
export const STORED_NOTES = { note: 200, transcript: 2_000 } as const satisfies Record<TextKind, number>;

/** Longest text in a timeline, in characters. The relay cuts a longer one. */
export const MAX_NOTE_CHARS = 1_000;

/** A text on its way from a relay to the timeline. */
export interface WorkerNote {
  /** The same each time that a relay sends this text. */
  readonly id: string;
  /** When the relay got it, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly worker: string;
  readonly kind: TextKind;
  readonly text: string;
  /** The worker has published more than that. */
  readonly isCut?: true;
}
