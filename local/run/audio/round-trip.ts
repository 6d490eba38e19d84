/**
 * Round trip measured from the audio itself: how long after it was said a piece of speech is heard again.
 * Compares loudness curves, so that it also works for workers that change the sound (a robot's voice, say).
 * Decision 148 says what counts.
 */
export interface RoundTrip {
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** How many pieces of speech were found again; 1 for an echo that was compared as a whole. */
  readonly pieces: number;
}

/** A point of the loudness curve every millisecond, each over a window of this length in milliseconds. */
const LOUDNESS_WINDOW_MS = 20;
/** The piece of speech that is looked for, and the distance from one piece to the next, in milliseconds. */
const PIECE_MS = 1_000;
const PIECE_STEP_MS = 250;
/** The first look takes every so manieth millisecond; the second one every millisecond around what it has found. */
const COARSE_MS = 10;
const COARSE_LOSS = 0.1;
/** Pieces quieter than this (RMS of 16-bit samples) or whose echo is less like them (correlation) are not counted. */
const MIN_LOUDNESS = 100;
const MIN_CORRELATION = 0.9;
/** Pieces whose loudness varies less than this part of it are steady sounds, which resemble themselves everywhere. */
const MIN_VARIATION = 0.1;
/** What is left of steady sounds by rounding, as a part of their energy. */
const STEADY = 1e-9;
/** A piece that comes back with the one before it, this much earlier or later in milliseconds, needs no other look. */
const NEAR_MS = 100;
const CERTAIN = 0.97;
/** Of places that are as like as this, the first one is meant: the others are words that are said again. */
const SAME = 0.01;
/**
 * A piece counts where it is found again better than the same piece played backwards is, by this difference of
 * Fisher's z. A piece played backwards has the same loudness and was never said, so whatever resembles it does so by
 * chance.
 */
const LEAST_ADVANTAGE = 0.5;
/** A delay counts where a piece that has nothing in common with this one came back as late, give or take this much. */
const AGREEMENT_MS = 20;
/** Pieces that are looked for in all of the call, in groups of neighbours spread over it. */
const MAX_SEARCHES = 100;
const GROUP = 4;

/**
 * The delays of the pieces that were found again, anywhere up to the end of the call.
 * @returns undefined where what is heard does not resemble what was said more than by chance
 */
export function measureRoundTrip(
  said: Int16Array,
  heard: Int16Array,
  sampleRateHz: number,
): RoundTrip | undefined {
  const search = new Search(loudness(said, sampleRateHz), loudness(heard, sampleRateHz));
  const starts = search.loudPieces();
  const every = Math.ceil(starts.length / MAX_SEARCHES);
  const found: (Place & { readonly start: number })[] = [];
  let last: number | undefined;
  for (const [index, start] of starts.entries()) {
    const mayRoam = Math.floor(index / GROUP) % every === 0;
    const near = last === undefined ? undefined : search.near(start, last);
    const isClear = near !== undefined && (near.likeness >= CERTAIN || !mayRoam);
    const place = isClear ? near : mayRoam ? search.everywhere(start) : undefined;
    if (place === undefined) continue;
    found.push({ ...place, start });
    last = place.delay;
  }
  const confirmed = found.filter(({ start, delay }) =>
    found.some(
      (other) => Math.abs(other.start - start) >= PIECE_MS && Math.abs(other.delay - delay) <= AGREEMENT_MS,
    ),
  );
  return percentiles(confirmed.map(({ delay }) => delay));
}

function percentiles(values: readonly number[]): RoundTrip | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return sorted.length === 0 ? undefined : { p50: at(0.5), p99: at(0.99), max: at(1), pieces: sorted.length };
}

interface Place {
  /** Milliseconds after it was said. */
  readonly delay: number;
  /** Pearson's correlation of the loudness. */
  readonly likeness: number;
}

/** Looks for pieces of one loudness curve in another. */
class Search {
  readonly #said: Float64Array;
  readonly #heard: Float64Array;

  constructor(said: Float64Array, heard: Float64Array) {
    this.#said = said;
    this.#heard = heard;
  }

  /** Where pieces begin that are loud enough. */
  loudPieces(): number[] {
    const starts: number[] = [];
    for (let start = 0; start + PIECE_MS <= this.#said.length; start += PIECE_STEP_MS) {
      const { mean, deviation } = moments(this.#piece(start), 1);
      const variation = deviation / Math.sqrt(PIECE_MS) / mean;
      if (mean >= MIN_LOUDNESS && variation >= MIN_VARIATION) starts.push(start);
    }
    return starts;
  }

  /** The best place around this delay, if it is like enough. */
  near(start: number, delay: number): Place | undefined {
    const piece = this.#piece(start);
    const coarse = this.#best(piece, start, delay - NEAR_MS, delay + NEAR_MS, COARSE_MS);
    const best = coarse && this.#around(piece, start, coarse);
    return best !== undefined && best.likeness >= MIN_CORRELATION ? best : undefined;
  }

  /** The first of the best places in all of the call, if it is more than chance. */
  everywhere(start: number): Place | undefined {
    const piece = this.#piece(start);
    const best = this.#roam(piece, start);
    if (best === undefined || best.likeness < MIN_CORRELATION) return undefined;
    const byChance = this.#roam(piece.toReversed(), start)?.likeness ?? 0;
    return fisherZ(best.likeness) - fisherZ(byChance) >= LEAST_ADVANTAGE ? best : undefined;
  }

  #piece(start: number): Float64Array {
    return this.#said.subarray(start, start + PIECE_MS);
  }

  #roam(piece: Float64Array, start: number): Place | undefined {
    const coarse = this.#best(piece, start, 0, this.#heard.length, COARSE_MS);
    const best = coarse && this.#around(piece, start, coarse);
    if (coarse === undefined || best === undefined) return undefined;
    const enough = coarse.likeness - COARSE_LOSS;
    for (const candidate of this.#places(piece, start, 0, coarse.delay - COARSE_MS, COARSE_MS)) {
      const earlier = candidate.likeness < enough ? undefined : this.#around(piece, start, candidate);
      if (earlier !== undefined && earlier.likeness >= best.likeness - SAME) return earlier;
    }
    return best;
  }

  /** To the millisecond. */
  #around(piece: Float64Array, start: number, { delay }: Place): Place | undefined {
    return this.#best(piece, start, delay - COARSE_MS, delay + COARSE_MS, 1);
  }

  #best(piece: Float64Array, start: number, first: number, last: number, step: number): Place | undefined {
    let best: Place | undefined;
    for (const place of this.#places(piece, start, first, last, step)) {
      if (place.likeness > (best?.likeness ?? 0)) best = place;
    }
    return best;
  }

  *#places(
    piece: Float64Array,
    start: number,
    first: number,
    last: number,
    step: number,
  ): Generator<Place, void> {
    const of = moments(piece, step);
    const end = Math.min(last, this.#heard.length - PIECE_MS - start);
    for (let delay = Math.max(0, first); delay <= end; delay += step) {
      const at = start + delay;
      let sum = 0;
      let squares = 0;
      let products = 0;
      for (let i = 0; i < PIECE_MS; i += step) {
        const value = this.#heard[at + i] ?? 0;
        sum += value;
        squares += value * value;
        products += value * (piece[i] ?? 0);
      }
      const energy = squares - (sum * sum * step) / PIECE_MS;
      if (energy > squares * STEADY)
        yield { delay, likeness: (products - sum * of.mean) / (of.deviation * Math.sqrt(energy)) };
    }
  }
}

interface Moments {
  readonly mean: number;
  /** Square root of the sum of squared deviations from the mean. */
  readonly deviation: number;
}

/** Of every `step`th value of a piece. */
function moments(piece: Float64Array, step: number): Moments {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < PIECE_MS; i += step) {
    const value = piece[i] ?? 0;
    sum += value;
    squares += value * value;
  }
  const mean = (sum * step) / PIECE_MS;
  return { mean, deviation: Math.sqrt(Math.max(0, squares - sum * mean)) };
}

/** Of a correlation, so that differences mean the same everywhere. */
function fisherZ(correlation: number): number {
  return Math.atanh(Math.min(correlation, 0.999_99));
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
