/**
 * Something to say for as long as wanted, the same on every run: noise in syllables, with a pause after each sentence.
 */

const SYLLABLE_MS = 150;
const SENTENCE_SYLLABLES = 14;
const PAUSE_SYLLABLES = 10;

export function babble(ms: number, sampleRateHz: number, seed: number): Int16Array {
  const syllable = (SYLLABLE_MS * sampleRateHz) / 1_000;
  let state = seed >>> 0 || 1;
  return Int16Array.from({ length: (ms * sampleRateHz) / 1_000 }, (_, i) => {
    // xorshift32, George Marsaglia: Xorshift RNGs (2003).
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const number = Math.floor(i / syllable);
    const isPause = number % (SENTENCE_SYLLABLES + PAUSE_SYLLABLES) >= SENTENCE_SYLLABLES;
    const loudness = isPause ? 0 : 0.1 + 0.4 * ((number * 0.382) % 1);
    return Math.round((state >> 16) * loudness);
  });
}
