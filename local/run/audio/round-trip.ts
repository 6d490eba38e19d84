/**
 * Round trip measured from the audio itself: how long after it was said a piece of speech is heard again.
 * Compares loudness curves, so that it also works for workers that change the sound (a robot's voice, say).
 */
export interface RoundTrip {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** A point of the loudness curve every millisecond, each over a window of this length in milliseconds. */
const LOUDNESS_WINDOW_MS = 20;
/** The piece of speech whose echo is looked for, and the distance from one piece to the next, in milliseconds. */
const PIECE_MS = 500;
const PIECE_STEP_MS = 250;
/** The latest echo that is looked for, in milliseconds. */
const MAX_DELAY_MS = 3_000;
/**
 * Words that resemble each other can be mistaken for one another. A piece that seems to come back this much earlier or
 * later than most, in milliseconds, is taken to come back with the others if it is also found there.
 */
const USUAL_SPREAD_MS = 100;
/** Pieces quieter than this (RMS of 16-bit samples) or whose echo is less like them (correlation) are not counted. */
const MIN_LOUDNESS = 100;
const MIN_CORRELATION = 0.9;
/** Away from the usual delay a piece counts only when it is as good as the same. */
const CERTAIN = 0.99;

/** The delays of the pieces that were found again, in milliseconds; undefined when there was none. */
export function measureRoundTrip(
  said: Int16Array,
  heard: Int16Array,
  sampleRateHz: number,
): RoundTrip | undefined {
  const from = loudness(said, sampleRateHz);
  const to = loudness(heard, sampleRateHz);
  const found: { piece: Piece; delay: number | undefined }[] = [];
  let last: number | undefined;
  for (let start = 0; start + PIECE_MS <= from.length; start += PIECE_STEP_MS) {
    const piece = { said: from.subarray(start, start + PIECE_MS), heard: to.subarray(start) };
    // The delay of a call changes seldom, so a piece is looked for beside the one before it first.
    const delay = (last === undefined ? undefined : delayOf(piece, near(last))) ?? delayOf(piece, EVERYWHERE);
    found.push({ piece, delay });
    last = delay ?? last;
  }
  const usual = percentiles(found.flatMap(({ delay }) => delay ?? []))?.p50 ?? 0;
  return percentiles(
    found.flatMap(({ piece, delay }) => {
      if (delay === undefined || Math.abs(delay - usual) <= USUAL_SPREAD_MS) return delay ?? [];
      return delayOf(piece, near(usual)) ?? delayOf(piece, { first: delay, last: delay }, CERTAIN) ?? [];
    }),
  );
}

/** Delays in milliseconds, both ends included. */
interface DelayRange {
  readonly first: number;
  readonly last: number;
}

const EVERYWHERE: DelayRange = { first: 0, last: MAX_DELAY_MS };

function near(delay: number): DelayRange {
  return { first: Math.max(0, delay - USUAL_SPREAD_MS), last: delay + USUAL_SPREAD_MS };
}

/** p50, p99 and maximum; undefined of nothing. */
function percentiles(values: readonly number[]): RoundTrip | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return sorted.length === 0 ? undefined : { p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** Loudness of what was said, and of what was heard from that moment on. */
interface Piece {
  readonly said: Float64Array;
  readonly heard: Float64Array;
}

/** The delay in this range at which the piece is found again. */
function delayOf(
  { said, heard }: Piece,
  range: DelayRange,
  leastCorrelation: number = MIN_CORRELATION,
): number | undefined {
  const of = moments(said);
  if (of.mean < MIN_LOUDNESS || of.deviation === 0) return undefined;
  let best: number | undefined;
  let bestCorrelation = leastCorrelation;
  const last = Math.min(range.last, heard.length - said.length);
  for (let delay = range.first; delay <= last; delay++) {
    const correlation = correlate(said, of, heard.subarray(delay, delay + said.length));
    if (correlation > bestCorrelation) {
      best = delay;
      bestCorrelation = correlation;
    }
  }
  return best;
}

interface Moments {
  readonly mean: number;
  /** Square root of the sum of squared deviations from the mean. */
  readonly deviation: number;
}

function moments(values: Float64Array): Moments {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  return { mean, deviation: Math.sqrt(Math.max(0, squares - sum * mean)) };
}

/** Pearson's correlation. */
function correlate(piece: Float64Array, of: Moments, other: Float64Array): number {
  const { mean, deviation } = moments(other);
  if (deviation === 0) return 0;
  let products = 0;
  for (let i = 0; i < piece.length; i++) products += (piece[i] ?? 0) * (other[i] ?? 0);
  return (products - piece.length * of.mean * mean) / (of.deviation * deviation);
}

/** RMS over a sliding window, one value a millisecond. */
function loudness(samples: Int16Array, sampleRateHz: number): Float64Array {
  const perMs = sampleRateHz / 1_000;
  const sums = new Float64Array(samples.length + 1);
  for (let i = 0; i < samples.length; i++) sums[i + 1] = (sums[i] ?? 0) + (samples[i] ?? 0) ** 2;
  const window = LOUDNESS_WINDOW_MS * perMs;
  const points = Math.max(0, Math.floor((samples.length - window) / perMs) + 1);
  return Float64Array.from({ length: points }, (_, point) => {
    const start = point * perMs;
    return Math.sqrt(((sums[start + window] ?? 0) - (sums[start] ?? 0)) / window);
  });
}
