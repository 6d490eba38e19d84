/** What sounds are made of, the same on every run, at 16 kHz. Levels are set by `atLevel`. */
import { randomNumbers } from '../../local/phone/voice.ts';

export const SOUND_RATE_HZ = 16_000;
const RATE = SOUND_RATE_HZ;

export type Noise = (length: number, seed: number) => Float64Array;

/** Numbers as chance gives them, about as far from 0 as a standard deviation of 1. */
export function gauss(random: () => number): number {
  let sum = -6;
  for (let i = 0; i < 12; i += 1) sum += random();
  return sum;
}

/** White noise through a filter that remembers. */
export function filtered(step: (white: number, i: number) => number): Noise {
  return (length, seed) => {
    const random = randomNumbers(seed);
    return samplesOf(length, (i) => step(gauss(random), i));
  };
}

// Loops, as the `from` of typed arrays takes ten times as long, and there are hours of these sounds.

export function samplesOf(length: number, sample: (i: number) => number): Float64Array {
  const samples = new Float64Array(length);
  for (let i = 0; i < length; i += 1) samples[i] = sample(i);
  return samples;
}

export function sine(hz: number, i: number, phase = 0): number {
  return Math.sin((2 * Math.PI * hz * i) / RATE + phase);
}

export function sines(...parts: readonly (readonly [hz: number, gain: number])[]): Noise {
  return (length) =>
    samplesOf(length, (i) => parts.reduce((sum, [hz, gain], n) => sum + gain * sine(hz, i, n), 0));
}

/** Sounds for `onS` seconds out of every `ofS`. */
export function cadence(sound: Noise, onS: number, ofS: number): Noise {
  return (length, seed) => sound(length, seed).map((sample, i) => ((i / RATE) % ofS < onS ? sample : 0));
}

/** A sound that fades, over and over at times that chance gives. */
export function knocking(
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

export function lowPassed(keep: number, more: (i: number) => number = () => 0): Noise {
  return (length, seed) => {
    let last = 0;
    return filtered((white, i) => {
      last = keep * last + white;
      return last + more(i);
    })(length, seed);
  };
}

/** Samples of this power in dB relative to a full-scale square wave. */
export function atLevel(sound: Float64Array, levelDb: number): Int16Array<ArrayBuffer> {
  let power = 0;
  for (const sample of sound) power += sample * sample;
  const scale = (32_768 * 10 ** (levelDb / 20)) / Math.sqrt(power / sound.length);
  const samples = new Int16Array(sound.length);
  for (let i = 0; i < samples.length; i += 1) samples[i] = saturated((sound[i] ?? 0) * scale);
  return samples;
}

export function mixed(a: Int16Array, b: Int16Array): Int16Array<ArrayBuffer> {
  const samples = new Int16Array(a.length);
  for (let i = 0; i < samples.length; i += 1) samples[i] = saturated((a[i] ?? 0) + (b[i] ?? 0));
  return samples;
}

function saturated(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value)));
}
