/** Texts that workers publish about their call. */

/**
 * What a text is. `note`: what the worker says of its own, which the timeline of the call keeps. `transcript`: words
 * that somebody spoke, which it keeps only where the route says so.
 */
export const TEXT_KINDS = ['note', 'transcript'] as const;

export type TextKind = (typeof TEXT_KINDS)[number];

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
