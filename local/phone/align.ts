/** Finding one recording in another: how far apart they are, and how well they agree from there on. */

interface Alignment {
  /** Where the expected recording begins in the heard one, in samples. */
  readonly offset: number;
  /** 10 log10 of the energy expected over the energy of the difference; Infinity when every sample agrees. */
  readonly signalToErrorDb: number;
  /** Every expected sample was heard, once, in order and bit-exact. */
  readonly exact: boolean;
}

/** Length of the piece that is looked for: long enough to occur once, short enough to be found quickly. */
const SNIPPET_SAMPLES = 4_096;

/** Samples left out between those compared in the first, coarse look. */
const COARSE_STEP = 16;

/** A place where the error is more than this share of the energy (3 dB) is none where the recording begins. */
const MOST_ERROR = 0.5;

/**
 * Looks for `expected` in `heard` by its loudest piece, at offsets from 0 to `maxOffset`.
 * Undefined when either is silent or the expected recording does not fit into the heard one.
 */
export function align(expected: Int16Array, heard: Int16Array, maxOffset: number): Alignment | undefined {
  const loudest = loudestSnippet(expected);
  if (loudest === undefined) return undefined;
  const { start, snippet } = loudest;
  const lastOffset = Math.min(maxOffset, heard.length - expected.length);
  let best: { offset: number; error: number } | undefined;
  for (let offset = 0; offset <= lastOffset; offset++) {
    const limit = best?.error ?? Number.POSITIVE_INFINITY;
    const error = squaredError(snippet, heard, start + offset, COARSE_STEP, limit);
    if (error < limit) best = { offset, error };
  }
  if (best === undefined) return undefined;
  return { offset: best.offset, ...agreement(expected, heard, best.offset) };
}

/**
 * Looks for a recording in what is heard while it is heard. Each place is looked at once, however long the listening
 * lasts, since this is done beside live calls. In memory: up to three lengths of the recording.
 */
export class AlignmentSearch {
  readonly #expected: Int16Array;
  readonly #start: number;
  readonly #snippet: Int16Array;
  readonly #energy: number;
  readonly #errorOfNone: number;
  /** The newest of what was heard, as far as it may still be needed, and where that begins in all of it. */
  #window = new Int16Array();
  #windowAt = 0;
  #windowLength = 0;
  /** The next offset to look at. */
  #next = 0;
  /** Offsets where the snippet agrees best, all with the same error. The rest of the recording is still to come. */
  #candidates: number[] = [];
  /** Theirs; without any, the error that a candidate may have at most. */
  #error: number;
  #leastError = Number.POSITIVE_INFINITY;

  constructor(expected: Int16Array) {
    const { start, snippet } = loudestSnippet(expected) ?? { start: 0, snippet: new Int16Array() };
    this.#expected = expected;
    this.#start = start;
    this.#snippet = snippet;
    this.#energy = energyOf(expected);
    this.#errorOfNone = energyOf(snippet, COARSE_STEP) * MOST_ERROR;
    this.#error = this.#errorOfNone;
  }

  /** How well the recording agrees where it agrees best; -Infinity while it resembles nothing that was heard. */
  get signalToErrorDb(): number {
    return decibels(this.#energy, this.#leastError);
  }

  /** Takes in what is heard next. */
  add(samples: Int16Array): void {
    if (this.#snippet.length === 0) return;
    this.#keep(samples);
    const last = this.#windowAt + this.#windowLength - this.#start - this.#snippet.length;
    for (; this.#next <= last; this.#next += 1) {
      const at = this.#next - this.#windowAt + this.#start;
      const error = squaredError(this.#snippet, this.#window, at, COARSE_STEP, this.#error);
      if (error < this.#error) this.#candidates = [];
      if (error <= this.#error) {
        this.#candidates.push(this.#next);
        this.#error = error;
      }
      this.#judge(this.#next + this.#start + this.#snippet.length);
    }
  }

  /** Compares the whole recording at the first candidate, once all of it is among the `heard` samples. */
  #judge(heard: number): void {
    const [first] = this.#candidates;
    if (first === undefined || first + this.#expected.length > heard) return;
    const error = squaredError(this.#expected, this.#window, first - this.#windowAt, 1, this.#leastError);
    this.#leastError = Math.min(this.#leastError, error);
    this.#candidates.shift();
    if (this.#candidates.length === 0) this.#error = this.#errorOfNone;
  }

  #keep(samples: Int16Array): void {
    if (this.#windowLength + samples.length > this.#window.length) {
      const needed = (this.#candidates[0] ?? this.#next) - this.#windowAt;
      const kept = this.#window.subarray(needed, this.#windowLength);
      this.#window = new Int16Array(kept.length + Math.max(samples.length, this.#expected.length));
      this.#window.set(kept);
      this.#windowAt += needed;
      this.#windowLength = kept.length;
    }
    this.#window.set(samples, this.#windowLength);
    this.#windowLength += samples.length;
  }
}

function agreement(expected: Int16Array, heard: Int16Array, offset: number): Omit<Alignment, 'offset'> {
  let signal = 0;
  let error = 0;
  for (let i = 0; i < expected.length; i++) {
    const wanted = expected[i] ?? 0;
    const difference = wanted - (heard[i + offset] ?? 0);
    signal += wanted * wanted;
    error += difference * difference;
  }
  return { signalToErrorDb: decibels(signal, error), exact: error === 0 };
}

function decibels(signal: number, error: number): number {
  return error === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / error);
}

function energyOf(samples: Int16Array, step = 1): number {
  let energy = 0;
  for (let i = 0; i < samples.length; i += step) energy += (samples[i] ?? 0) ** 2;
  return energy;
}

/** The sum of squared differences at every `step`th sample; stops early once it is greater than `limit`. */
function squaredError(
  snippet: Int16Array,
  heard: Int16Array,
  at: number,
  step: number,
  limit: number,
): number {
  let sum = 0;
  for (let i = 0; i < snippet.length && sum <= limit; i += step) {
    const difference = (snippet[i] ?? 0) - (heard[at + i] ?? 0);
    sum += difference * difference;
  }
  return sum;
}

function loudestSnippet(samples: Int16Array): { start: number; snippet: Int16Array } | undefined {
  let loudest: { start: number; snippet: Int16Array; energy: number } | undefined;
  for (let start = 0; start < samples.length; start += SNIPPET_SAMPLES) {
    const snippet = samples.subarray(start, start + SNIPPET_SAMPLES);
    const energy = energyOf(snippet);
    if (energy > (loudest?.energy ?? 0)) loudest = { start, snippet, energy };
  }
  return loudest;
}
