/**
 * A synthetic voice: pulses, as vocal cords make them, through the resonances of a mouth. It says nothing that anybody
 * understands, but what listens for a voice finds one. The same on every run.
 */

/** What is said in one breath of a vowel. */
export interface Syllable {
  readonly ms: number;
  /** Silence after it. */
  readonly pauseMs: number;
  /** Pulses in a second at its beginning and at its end. */
  readonly pitchHz: readonly [from: number, to: number];
  /** The resonances of the mouth, in Hz. */
  readonly formantsHz: readonly number[];
  /** The highest peak, from 0 to full scale at 1. */
  readonly loudness: number;
}

/** How long a syllable takes to become loud, and to end; in between it fades to the given share, as breath runs out. */
const ATTACK_MS = 8;
const RELEASE_MS = 25;
const FADES_TO = 0.4;
/** How much one pulse differs from the next, in time and in strength: no throat is a clock. */
const JITTER = 0.012;
const SHIMMER = 0.15;
/** Air that escapes between the pulses. */
const BREATH = 0.01;
/** The pulses of vocal cords lose so much from sample to sample of 16 kHz: some 12 dB an octave. */
const GLOTTIS = 0.93;
const GLOTTIS_RATE_HZ = 16_000;
const BANDWIDTH_HZ = 60;
const BANDWIDTH_SHARE = 0.04;
/** Resonances above this share of the rate cannot be heard. */
const HIGHEST_SHARE = 0.45;
const FULL_SCALE = 32_767;

/** Numbers from 0 to below 1. xorshift32, George Marsaglia: Xorshift RNGs (2003). */
export function randomNumbers(seed: number): () => number {
  let state = Math.imul(seed, 0x9e37_79b1) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Says syllables one after the other, as samples of this rate. */
export function sing(
  syllables: readonly Syllable[],
  sampleRateHz: number,
  seed: number,
): Int16Array<ArrayBuffer> {
  const random = randomNumbers(seed);
  const parts = syllables.map(
    (syllable) => [vowel(syllable, sampleRateHz, random), samplesIn(syllable.pauseMs, sampleRateHz)] as const,
  );
  const samples = new Int16Array(parts.reduce((length, [sound, pause]) => length + sound.length + pause, 0));
  let at = 0;
  for (const [sound, pause] of parts) {
    samples.set(sound, at);
    at += sound.length + pause;
  }
  return samples;
}

function vowel(syllable: Syllable, sampleRateHz: number, random: () => number): Float64Array {
  const sound = pulses(syllable, sampleRateHz, random);
  for (const hz of syllable.formantsHz)
    if (hz < HIGHEST_SHARE * sampleRateHz) resonate(sound, hz, sampleRateHz);
  const attack = samplesIn(ATTACK_MS, sampleRateHz);
  const release = samplesIn(RELEASE_MS, sampleRateHz);
  let peak = 0;
  sound.forEach((sample, i) => {
    const faded =
      sample *
      Math.min(1, (i + 1) / attack, (sound.length - i) / release) *
      (1 - ((1 - FADES_TO) * i) / sound.length);
    peak = Math.max(peak, Math.abs(faded));
    sound[i] = faded;
  });
  const scale = peak === 0 ? 0 : (syllable.loudness * FULL_SCALE) / peak;
  return sound.map((sample) => Math.round(sample * scale));
}

/** Pulses and breath, through the slope of vocal cords. */
function pulses(
  { ms, pitchHz: [from, to] }: Syllable,
  sampleRateHz: number,
  random: () => number,
): Float64Array {
  const sound = new Float64Array(samplesIn(ms, sampleRateHz));
  const keep = GLOTTIS ** (GLOTTIS_RATE_HZ / sampleRateHz);
  let untilPulse = 0;
  let once = 0;
  let twice = 0;
  for (let i = 0; i < sound.length; i += 1) {
    let air = BREATH * (random() - 0.5);
    untilPulse -= 1;
    if (untilPulse <= 0) {
      const hz = from + ((to - from) * i) / sound.length;
      untilPulse += (sampleRateHz / hz) * (1 + JITTER * (2 * random() - 1));
      air += 1 + SHIMMER * (2 * random() - 1);
    }
    once = air + keep * once;
    twice = once + keep * twice;
    sound[i] = twice;
  }
  // What leaves the mouth is the change of the flow of air.
  for (let i = sound.length - 1; i > 0; i -= 1) sound[i] = (sound[i] ?? 0) - (sound[i - 1] ?? 0);
  return sound;
}

function resonate(sound: Float64Array, hz: number, sampleRateHz: number): void {
  const radius = Math.exp((-Math.PI * (BANDWIDTH_HZ + BANDWIDTH_SHARE * hz)) / sampleRateHz);
  const back1 = 2 * radius * Math.cos((2 * Math.PI * hz) / sampleRateHz);
  const back2 = -radius * radius;
  const gain = 1 - back1 - back2;
  let y1 = 0;
  let y2 = 0;
  for (let i = 0; i < sound.length; i += 1) {
    const y = gain * (sound[i] ?? 0) + back1 * y1 + back2 * y2;
    y2 = y1;
    y1 = y;
    sound[i] = y;
  }
}

export function samplesIn(ms: number, sampleRateHz: number): number {
  return Math.round((ms * sampleRateHz) / 1_000);
}
