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

/**
 * Looks for `expected` in `heard` by its loudest piece, at offsets from 0 to `maxOffset`.
 * Undefined when either is silent or the expected recording does not fit into the heard one.
 */
export function align(expected: Int16Array, heard: Int16Array, maxOffset: number): Alignment | undefined {
  const start = loudestSnippet(expected);
  if (start === undefined) return undefined;
  const snippet = expected.subarray(start, start + SNIPPET_SAMPLES);
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

function agreement(expected: Int16Array, heard: Int16Array, offset: number): Omit<Alignment, 'offset'> {
  let signal = 0;
  let error = 0;
  for (let i = 0; i < expected.length; i++) {
    const wanted = expected[i] ?? 0;
    const difference = wanted - (heard[i + offset] ?? 0);
    signal += wanted * wanted;
    error += difference * difference;
  }
  return {
    signalToErrorDb: error === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / error),
    exact: error === 0,
  };
}

/** The sum of squared differences at every `step`th sample; stops early once it passes `limit`. */
function squaredError(
  snippet: Int16Array,
  heard: Int16Array,
  at: number,
  step: number,
  limit: number,
): number {
  let sum = 0;
  for (let i = 0; i < snippet.length && sum < limit; i += step) {
    const difference = (snippet[i] ?? 0) - (heard[at + i] ?? 0);
    sum += difference * difference;
  }
  return sum;
}

function loudestSnippet(samples: Int16Array): number | undefined {
  let loudest: { start: number; energy: number } | undefined;
  for (let start = 0; start < samples.length; start += SNIPPET_SAMPLES) {
    let energy = 0;
    for (const sample of samples.subarray(start, start + SNIPPET_SAMPLES)) energy += sample * sample;
    if (energy > (loudest?.energy ?? 0)) loudest = { start, energy };
  }
  return loudest?.start;
}
