/**
 * How far audio is sent ahead of its time. The other side holds `leadMs` of it, so that a late write is not heard;
 * the rest waits here, where it can still be dropped or kept. What fits in the lead leaves at once and in one piece,
 * which is all there is to it for replies that come at the pace of speech; what a worker delivers ahead of that
 * leaves piece by piece, each when there is room for a whole one.
 */
import { FRAME_MS } from '../../shared/audio/audio-format.ts';

/** Shortest piece that leaves while more waits: a write costs the same for one frame as for four. */
export const PACED_PIECE_MS = 80;
/** The shortest lead that works: two pieces. */
export const MIN_LEAD_MS = 2 * PACED_PIECE_MS;

/** Sums of times in floating point may miss by this much. */
const TOLERANCE_MS = 0.001;

export interface PlayoutLevel {
  /** Waits here. */
  readonly heldMs: number;
  /** Waits at the other side. */
  readonly queuedMs: number;
  readonly leadMs: number;
}

/** Milliseconds of the held audio that are to be sent now. */
export function sendableMs({ heldMs, queuedMs, leadMs }: PlayoutLevel): number {
  const roomMs = leadMs - queuedMs + TOLERANCE_MS;
  if (heldMs <= roomMs) return heldMs;
  return roomMs < PACED_PIECE_MS ? 0 : Math.floor(roomMs / FRAME_MS) * FRAME_MS;
}

/** In how many milliseconds the next of the held audio can be sent. */
export function sendableInMs({ heldMs, queuedMs, leadMs }: PlayoutLevel): number {
  return Math.max(0, queuedMs + Math.min(heldMs, PACED_PIECE_MS) - leadMs);
}
