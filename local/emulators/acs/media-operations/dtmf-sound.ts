import { keyOfTone, type Tone } from './tones.ts';

/**
 * Length of a tone and of the pause after it; within what ITU-T Q.24 lets receivers expect (40 ms and more of each).
 */
export const TONE_MS = 100;
export const PAUSE_MS = 60;

const AMPLITUDE = 6_000;
const ROWS_HZ = [697, 770, 852, 941] as const;
const COLUMNS_HZ = [1209, 1336, 1477, 1633] as const;
const PAD = ['123A', '456B', '789C', '*0#D'] as const;

/** What a telephone hears of these tones: two sines each (ITU-T Q.23), PCM16 mono, a pause after every tone. */
export function dtmfSound(tones: readonly Tone[], sampleRateHz: number): Int16Array {
  const toneSamples = (sampleRateHz * TONE_MS) / 1000;
  const stride = toneSamples + (sampleRateHz * PAUSE_MS) / 1000;
  const sound = new Int16Array(tones.length * stride);
  for (const [index, tone] of tones.entries()) {
    const [row, column] = frequencies(tone);
    for (let i = 0; i < toneSamples; i++) {
      const t = (2 * Math.PI * i) / sampleRateHz;
      sound[index * stride + i] = Math.round(AMPLITUDE * (Math.sin(row * t) + Math.sin(column * t)));
    }
  }
  return sound;
}

function frequencies(tone: Tone): readonly [number, number] {
  const key = keyOfTone(tone);
  const row = PAD.findIndex((keys) => keys.includes(key));
  return [ROWS_HZ[row] ?? 0, COLUMNS_HZ[PAD[row]?.indexOf(key) ?? 0] ?? 0];
}
