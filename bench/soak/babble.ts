/**
 * Something to say for as long as wanted, the same on every run: a synthetic voice, with a pause after each sentence.
 */
import { chatter } from '../voice/chatter.ts';

const SENTENCE_MS = 2_100;
const PAUSE_MS = 1_500;

export function babble(ms: number, sampleRateHz: number, seed: number): Int16Array {
  const length = (ms * sampleRateHz) / 1_000;
  const sentence = (SENTENCE_MS * sampleRateHz) / 1_000;
  const turn = sentence + (PAUSE_MS * sampleRateHz) / 1_000;
  const samples = new Int16Array(length);
  for (let at = 0; at < length; at += turn) {
    samples.set(chatter(Math.min(sentence, length - at), sampleRateHz, seed + at), at);
  }
  return samples;
}
