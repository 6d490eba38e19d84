/** Sounds that were not used to set a threshold of the detector, at 16 kHz. */
import { randomNumbers } from '../../local/phone/voice.ts';
import { chatter } from './chatter.ts';
import {
  cadence,
  filtered,
  gauss,
  knocking,
  lowPassed,
  type Noise,
  SOUND_RATE_HZ,
  sine,
  sines,
} from './sounds.ts';

const seconds = (i: number): number => i / SOUND_RATE_HZ;

/** Every second sample of a difference: more power the higher the tone. */
function violet(): Noise {
  return (length, seed) => {
    let last = 0;
    return filtered((white) => {
      const change = white - last;
      last = white;
      return change;
    })(length, seed);
  };
}

/** A motor and the air that it moves: harmonics whose pitch wanders a little. */
function vacuumCleaner(): Noise {
  const air = lowPassed(0.7);
  return (length, seed) => {
    let phase = 0;
    return air(length, seed).map((sample, i) => {
      phase += (2 * Math.PI * (310 + 2 * sine(0.4, i))) / SOUND_RATE_HZ;
      return sample + 0.8 * Math.sin(phase) + 0.4 * Math.sin(2 * phase);
    });
  };
}

/** Mains that buzz: short pulses at 100 Hz, as a dimmer makes them. */
const dimmer: Noise = (length) =>
  Float64Array.from({ length }, (_, i) => (seconds(i) % 0.01 < 0.0006 ? 1 : 0));

/** Wind that blows in gusts of some seconds. */
function wind(): Noise {
  const air = lowPassed(0.98);
  return (length, seed) =>
    air(length, seed).map((sample, i) => sample * (1 + 0.6 * sine(0.3, i) + 0.3 * sine(0.7, i, 1)));
}

function rain(): Noise {
  return (length, seed) => {
    const random = randomNumbers(seed);
    const drops = Float64Array.from({ length }, () => (random() < 0.01 ? gauss(random) * 4 : 0));
    const hiss = filtered((white) => white)(length, seed + 1);
    return drops.map((drop, i) => drop + 0.3 * (hiss[i] ?? 0));
  };
}

/** Several people at once, none of them on the telephone. */
const company: Noise = (length, seed) => {
  const voices = Array.from({ length: 8 }, (_, i) =>
    chatter(length, SOUND_RATE_HZ, seed * 10 + i, { pitchHz: 95 + 22 * i }),
  );
  return Float64Array.from({ length }, (_, i) => voices.reduce((sum, voice) => sum + (voice[i] ?? 0), 0));
};

/** A melody of plucked tones with two harmonics each. */
const music: Noise = (length) => {
  const scale = [262, 294, 330, 392, 440, 523];
  return Float64Array.from({ length }, (_, i) => {
    const note = Math.floor(seconds(i) / 0.4);
    const hz = scale[(note * 5) % scale.length] ?? 0;
    const fades = Math.exp(-3 * (seconds(i) % 0.4));
    return fades * (sine(hz, i) + 0.5 * sine(2 * hz, i) + 0.25 * sine(3 * hz, i));
  });
};

/** Of these a call must hear nobody. */
export const NEW_NOISES = {
  violet: violet(),
  'vacuum cleaner': vacuumCleaner(),
  'buzz of a dimmer': dimmer,
  'hum of 400 Hz': sines([400, 1], [1_200, 0.3], [2_000, 0.1]),
  wind: wind(),
  rain: rain(),
  train: lowPassed(0.97, (i) => (seconds(i) % 0.9 < 0.08 ? 6 * sine(110, i) : 0)),
  clock: knocking((i, random) => gauss(random) * Math.exp(-i / 30), [0.999, 1.001]),
  'ring-back of the UK': cadence(cadence(sines([400, 1], [450, 1]), 0.4, 0.6), 1, 3),
  'ring-back of Japan': cadence(
    (length) => Float64Array.from({ length }, (_, i) => sine(400, i) * (1 + 0.7 * sine(16, i))),
    1,
    3,
  ),
  'ring-back of France': cadence(sines([440, 1]), 1.5, 5),
  'busy in Europe': cadence(sines([425, 1]), 0.5, 1),
  'call of a fax': cadence(sines([1_100, 1]), 0.5, 3.5),
  'special information': (length) =>
    Float64Array.from({ length }, (_, i) => {
      const hz = [950, 1_400, 1_800, 0][Math.floor((seconds(i) % 2) / 0.33)] ?? 0;
      return sine(hz, i);
    }),
} as const satisfies Readonly<Record<string, Noise>>;

/** Nothing is promised of these. */
export const NOT_PROMISED = { 'babble of 8 voices': company, music } as const satisfies Readonly<
  Record<string, Noise>
>;
