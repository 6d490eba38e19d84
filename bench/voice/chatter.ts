/** People who talk, for measurements and tests: the same on every run. */
import { randomNumbers, type Syllable, samplesIn, sing } from '../../local/phone/voice.ts';

export interface ChatterOptions {
  /** Pulses in a second, about. Defaults to those of a man. */
  readonly pitchHz?: number;
  /** Pauses of some 75 ms after every fourth syllable, as between words. Defaults to true. */
  readonly hasPauses?: boolean;
}

/** A person who talks without a long pause: syllables of changing vowel, pitch, length and loudness. */
export function chatter(
  length: number,
  sampleRateHz: number,
  seed: number,
  { pitchHz = 120, hasPauses = true }: ChatterOptions = {},
): Int16Array<ArrayBuffer> {
  const random = randomNumbers(seed);
  const between = (from: number, to: number): number => from + (to - from) * random();
  const syllables: Syllable[] = [];
  for (let samples = 0; samples < length; ) {
    const number = syllables.length + 1;
    const start = pitchHz * between(0.85, 1.25);
    const syllable = {
      ms: Math.round(between(90, 220)),
      pauseMs: hasPauses && number % 4 === 0 ? Math.round(between(40, 110)) : 0,
      pitchHz: [start, start * between(0.8, 1.15)] as const,
      formantsHz: [between(300, 800), between(900, 2_200), between(2_300, 2_900)],
      loudness: between(0.25, 0.6),
    };
    syllables.push(syllable);
    samples += samplesIn(syllable.ms, sampleRateHz) + samplesIn(syllable.pauseMs, sampleRateHz);
  }
  return sing(syllables, sampleRateHz, seed).slice(0, length);
}
