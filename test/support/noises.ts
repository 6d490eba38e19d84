/** Sounds that are no voice, the same on every run, at 16 kHz: those by which the detector's thresholds were set. */
import {
  cadence,
  filtered,
  gauss,
  knocking,
  lowPassed,
  type Noise,
  SOUND_RATE_HZ,
  samplesOf,
  sine,
  sines,
} from '../../bench/voice/sounds.ts';

export { atLevel, mixed } from '../../bench/voice/sounds.ts';

function pink(): Noise {
  return (length, seed) => {
    // Paul Kellet's sum of low-passes.
    const b = [0, 0, 0];
    return filtered((white) => {
      b[0] = 0.99765 * (b[0] ?? 0) + white * 0.099046;
      b[1] = 0.963 * (b[1] ?? 0) + white * 0.2965164;
      b[2] = 0.57 * (b[2] ?? 0) + white * 1.0526913;
      return (b[0] ?? 0) + (b[1] ?? 0) + (b[2] ?? 0) + white * 0.1848;
    })(length, seed);
  };
}

function fan(): Noise {
  const air = lowPassed(0.9);
  return (length, seed) =>
    air(length, seed).map((sample, i) => sample * (1 + 0.15 * sine(7, i)) + 0.4 * sine(120, i));
}

function keypad(): Noise {
  const rows = [697, 770, 852, 941];
  const columns = [1_209, 1_336, 1_477, 1_633];
  return (length) =>
    samplesOf(length, (i) => {
      const key = Math.floor(i / SOUND_RATE_HZ / 0.3) % 16;
      const isOn = (i / SOUND_RATE_HZ) % 0.3 < 0.1;
      return isOn ? sine(rows[key >> 2] ?? 0, i) + sine(columns[key & 3] ?? 0, i) : 0;
    });
}

const harmonics = (hz: number): Noise =>
  sines([hz, 1], [2 * hz, 0.5], [3 * hz, 0.3], [4 * hz, 0.2], [5 * hz, 0.1]);

export const NOISES = {
  white: filtered((white) => white),
  pink: pink(),
  brown: lowPassed(0.995),
  car: lowPassed(0.985, (i) => 14 * sine(30, i) + 7 * sine(60, i, 1)),
  fan: fan(),
  'hum of 50 Hz': harmonics(50),
  'hum of 60 Hz': harmonics(60),
  'a tone of 440 Hz': sines([440, 1]),
  'ring-back of the US': cadence(sines([440, 1], [480, 1]), 2, 6),
  'ring-back of Europe': cadence(sines([425, 1]), 1, 5),
  busy: cadence(sines([480, 1], [620, 1]), 0.5, 1),
  keys: keypad(),
  typing: knocking((i, random) => (i < 600 ? gauss(random) * Math.exp(-i / 120) : 0), [0.08, 0.33]),
  knocks: knocking((i, random) => Math.exp(-i / 200) * (sine(130, i) + 0.3 * gauss(random)), [0.3, 0.8]),
} as const satisfies Readonly<Record<string, Noise>>;
