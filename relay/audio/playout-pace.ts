/**
 * How far ahead of its time audio leaves the relay. ACS holds `leadMs` of it, so that nobody hears a late write. The
 * rest waits in the relay, which can still drop or keep it. Audio that fits in the lead leaves at once and in one
 * piece, as all replies at the pace of speech do. Audio that a worker delivers faster leaves piece by piece, each as
 * soon as there is room for a whole one.
 */
import { FRAME_MS } from '../../shared/audio/audio-format.ts';

/** Shortest piece that leaves while more waits: a write costs the same for one frame as for four. */
const PACED_PIECE_MS = 80;
/** The shortest lead that works: two pieces. */
export const MIN_LEAD_MS = 2 * PACED_PIECE_MS;

/** Sums of times in floating point may miss by this much. */
const TOLERANCE_MS = 0.001;

interface PlayoutLevel {
  /** Audio that waits in the relay. */
  readonly heldMs: number;
  /** Audio that waits at ACS. */
  readonly queuedMs: number;
  readonly leadMs: number;
}

/** How many milliseconds of the held audio leave now. */
export function sendableMs({ heldMs, queuedMs, leadMs }: PlayoutLevel): number {
  const roomMs = leadMs - queuedMs + TOLERANCE_MS;
  if (heldMs <= roomMs) return heldMs;
  return roomMs < PACED_PIECE_MS ? 0 : Math.floor(roomMs / FRAME_MS) * FRAME_MS;
}

/** In how many milliseconds the next of the held audio can leave. */
export function sendableInMs({ heldMs, queuedMs, leadMs }: PlayoutLevel): number {
  return Math.max(0, queuedMs + Math.min(heldMs, PACED_PIECE_MS) - leadMs);
}
