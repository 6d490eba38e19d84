import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimator, Interpolator } from '../../../relay/audio/rate-converter.ts';
import { noise, tone } from '../../support/signals.ts';

/** Power in dB relative to that of `tone`, without the first tenth of a second, in which filters fill. */
function levelDb(samples: Int16Array): number {
  const steady = samples.slice(Math.floor(samples.length / 10));
  const power = steady.reduce((sum, sample) => sum + sample * sample, 0) / steady.length;
  return 10 * Math.log10(Math.max(power, 1e-9) / (16_000 ** 2 / 2));
}

function inPieces(
  samples: Int16Array,
  lengths: readonly number[],
  convert: (piece: Int16Array) => Int16Array,
): number[] {
  const out: number[] = [];
  let at = 0;
  for (const length of [...lengths, samples.length]) {
    out.push(...convert(samples.subarray(at, at + length)));
    at += length;
  }
  return out;
}

describe.each([2, 3])('between 8 kHz and %i times that', (factor) => {
  const rateHz = 8_000 * factor;

  it.each([100, 300, 1_000, 2_000, 3_000, 3_400])('passes %i Hz both ways', (hz) => {
    expect(levelDb(new Decimator(factor).convert(tone(rateHz, rateHz, hz)))).toBeCloseTo(0, 0.7);
    expect(levelDb(new Interpolator(factor).convert(tone(8_000, 8_000, hz)))).toBeCloseTo(0, 0.7);
  });

  it.each([4_700, 5_500, 6_500, 7_500])('lets nothing of %i Hz fold over into 8 kHz', (hz) => {
    expect(levelDb(new Decimator(factor).convert(tone(rateHz, rateHz, hz)))).toBeLessThan(-55);
  });

  it('makes no images above the band', () => {
    const wanted = tone(rateHz, rateHz, 1_000);
    const up = new Interpolator(factor).convert(tone(8_000, 8_000, 1_000));
    const delay = bestDelay(wanted, up, factor);
    const error = up.map((sample, i) => sample - (wanted[i - delay] ?? 0));
    expect(levelDb(error)).toBeLessThan(-50);
  });

  it('gives a voice band back that goes down and up again, four milliseconds later', () => {
    const low = tone(rateHz, rateHz, 700);
    const high = tone(rateHz, rateHz, 2_300);
    const speech = low.map((sample, i) => (sample + (high[i] ?? 0)) >> 1);
    const back = new Interpolator(factor).convert(new Decimator(factor).convert(speech));
    expect(back.length).toBe(speech.length);
    const delay = bestDelay(speech, back, factor);
    expect(delay / (rateHz / 1_000)).toBeLessThan(6);
    const error = back.map((sample, i) => sample - (speech[i - delay] ?? 0));
    expect(levelDb(error)).toBeLessThan(-40);
  });

  it('gives the same however the audio is cut', () => {
    const samples = noise(4_800, 1);
    const whole = [...new Decimator(factor).convert(samples)];
    const wholeUp = [...new Interpolator(factor).convert(samples)];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 20 }), (lengths) => {
        const down = new Decimator(factor);
        const pieces = lengths.map((length) => length * factor);
        expect(inPieces(samples, pieces, (piece) => down.convert(piece))).toEqual(whole);
        const up = new Interpolator(factor);
        expect(inPieces(samples, lengths, (piece) => up.convert(piece))).toEqual(wholeUp);
      }),
      { numRuns: 20 },
    );
  });

  it('forgets what came before when it is told to', () => {
    const [down, up] = [new Decimator(factor), new Interpolator(factor)];
    const samples = noise(480, 2);
    const first = [down.convert(samples), up.convert(samples)];
    down.reset();
    up.reset();
    expect([down.convert(samples), up.convert(samples)]).toEqual(first);
  });

  it('refuses what it cannot divide', () => {
    expect(() => new Decimator(factor).convert(new Int16Array(factor + 1))).toThrow(RangeError);
  });
});

/** By how many samples `heard` comes later than `said`. */
function bestDelay(said: Int16Array, heard: Int16Array, factor: number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let delay = 0; delay < 60 * factor; delay += 1) {
    let error = 0;
    for (let i = 2_000; i < 4_000; i += 1) error += ((heard[i] ?? 0) - (said[i - delay] ?? 0)) ** 2;
    if (error < least) [best, least] = [delay, error];
  }
  return best;
}
