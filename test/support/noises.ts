/** Sounds that are no voice, the same on every run, at 16 kHz. Levels are set by `atLevel`. */
import { randomNumbers } from '../../local/phone/voice.ts';

const RATE = 16_000;

export type Noise = (length: number, seed: number) => Float64Array;

/** Numbers as chance gives them, about as far from 0 as a standard deviation of 1. */
function gauss(random: () => number): number {
  let sum = -6;
  for (let i = 0; i < 12; i += 1) sum += random();
  return sum;
}

/** White noise through a filter that remembers. */
function filtered(step: (white: number, i: number) => number): Noise {
  return (length, seed) => {
    const random = randomNumbers(seed);
    return Float64Array.from({ length }, (_, i) => step(gauss(random), i));
  };
}

function sine(hz: number, i: number, phase = 0): number {
  return Math.sin((2 * Math.PI * hz * i) / RATE + phase);
}

function sines(...parts: readonly (readonly [hz: number, gain: number])[]): Noise {
  return (length) =>
    Float64Array.from({ length }, (_, i) =>
      parts.reduce((sum, [hz, gain], n) => sum + gain * sine(hz, i, n), 0),
    );
}

/** Sounds for `onS` seconds out of every `ofS`. */
function cadence(sound: Noise, onS: number, ofS: number): Noise {
  return (length, seed) => sound(length, seed).map((sample, i) => ((i / RATE) % ofS < onS ? sample : 0));
}

/** A sound that fades, over and over at times that chance gives. */
function knocking(
  sound: (i: number, random: () => number) => number,
  everyS: readonly [number, number],
): Noise {
  return (length, seed) => {
    const random = randomNumbers(seed);
    const samples = new Float64Array(length);
    const [from, to] = everyS;
    for (let at = 0; at < length; at += Math.round(RATE * (from + (to - from) * random()))) {
      const loudness = 0.5 + random();
      for (let i = 0; i < RATE / 10 && at + i < length; i += 1) {
        samples[at + i] = (samples[at + i] ?? 0) + loudness * sound(i, random);
      }
    }
    return samples;
  };
}

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

function lowPassed(keep: number, more: (i: number) => number = () => 0): Noise {
  return (length, seed) => {
    let last = 0;
    return filtered((white, i) => {
      last = keep * last + white;
      return last + more(i);
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
    Float64Array.from({ length }, (_, i) => {
      const key = Math.floor(i / RATE / 0.3) % 16;
      const isOn = (i / RATE) % 0.3 < 0.1;
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

/** Samples of this power in dB relative to a full-scale square wave. */
export function atLevel(sound: Float64Array, levelDb: number): Int16Array<ArrayBuffer> {
  const power = sound.reduce((sum, sample) => sum + sample * sample, 0) / sound.length;
  const scale = (32_768 * 10 ** (levelDb / 20)) / Math.sqrt(power);
  return Int16Array.from(sound, (sample) => saturated(sample * scale));
}

export function mixed(a: Int16Array, b: Int16Array): Int16Array<ArrayBuffer> {
  return Int16Array.from(a, (sample, i) => saturated(sample + (b[i] ?? 0)));
}

function saturated(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value)));
}
