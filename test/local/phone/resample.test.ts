import { describe, expect, it } from 'vitest';
import { ConvertedSpeech, resampledPieces, resampleInPieces } from '../../../local/phone/converted-speech.ts';
import { rms } from '../../../local/phone/level.ts';
import { convertRate } from '../../../local/phone/resample.ts';
import { noise, speechLike, tone } from '../../support/signals.ts';

function signalToErrorDb(actual: Int16Array, expected: Int16Array): number {
  let error = 0;
  let signal = 0;
  for (let i = 200; i < expected.length - 200; i++) {
    error += ((actual[i] ?? 0) - (expected[i] ?? 0)) ** 2;
    signal += (expected[i] ?? 0) ** 2;
  }
  return 10 * Math.log10(signal / error);
}

describe('resampling', () => {
  it.each([
    [8_000, 16_000],
    [8_000, 24_000],
    [11_025, 16_000],
    [22_050, 24_000],
    [44_100, 16_000],
    [44_100, 24_000],
    [48_000, 16_000],
    [16_000, 24_000],
    [24_000, 16_000],
    [192_000, 16_000],
  ])('from %i to %i Hz keeps a tone, its length and its phase', (fromHz, toHz) => {
    const converted = convertRate(tone(Math.round(fromHz * 1.037), fromHz, 440), fromHz, toHz);
    const expected = tone(Math.round((Math.round(fromHz * 1.037) * toHz) / fromHz), toHz, 440);
    expect(converted.length).toBe(expected.length);
    expect(signalToErrorDb(converted, expected)).toBeGreaterThan(80);
  });

  it('lets nothing through that the lower rate cannot hold', () => {
    const converted = convertRate(tone(48_000, 48_000, 12_000), 48_000, 16_000);
    expect(rms(converted.subarray(200, -200))).toBeLessThan(2);
  });

  it('keeps nothing of the signal before', () => {
    const first = convertRate(noise(10_000, 1), 44_100, 16_000);
    convertRate(noise(10_000, 2), 8_000, 24_000);
    expect(convertRate(noise(10_000, 1), 44_100, 16_000)).toEqual(first);
  });

  it('clips rather than wraps around', () => {
    const square = Int16Array.from({ length: 2_000 }, (_, i) => (i % 100 < 50 ? 32_767 : -32_768));
    const converted = convertRate(square, 16_000, 24_000);
    const middle = converted.subarray(300, -300);
    expect(Math.max(...middle)).toBe(32_767);
    expect(Math.min(...middle)).toBe(-32_768);
    expect(converted[300 + 37 - (300 % 150) + 150] ?? 0, 'the middle of a positive half').toBeGreaterThan(
      20_000,
    );
  });

  it('takes signals of any length, even none and one sample', () => {
    expect(convertRate(new Int16Array(), 8_000, 16_000)).toEqual(new Int16Array());
    expect(convertRate(Int16Array.of(1_000), 8_000, 16_000)).toHaveLength(2);
    expect(convertRate(noise(4_096 * 3, 5), 8_000, 16_000)).toHaveLength(4_096 * 6);
  });

  it.each([0, -1, 999, 192_001, 16_000.5, Number.NaN])('refuses a rate of %d Hz', (rate) => {
    expect(() => convertRate(noise(10, 1), rate, 16_000)).toThrow(RangeError);
    expect(() => convertRate(noise(10, 1), 16_000, rate)).toThrow(String(rate));
  });
});

describe('the rate of long audio', () => {
  it.each([
    [16_000, 24_000],
    [22_050, 16_000],
  ])('is changed from %i to %i Hz in pieces without a seam', async (fromHz, toHz) => {
    const samples = speechLike(200_001, fromHz);
    const whole = convertRate(samples, fromHz, toHz);
    const pieces = await resampleInPieces(samples, fromHz, toHz);
    expect(pieces.length).toBe(whole.length);
    const error = whole.reduce((most, sample, i) => Math.max(most, Math.abs(sample - (pieces[i] ?? 0))), 0);
    expect(error, 'the largest difference, in steps of 16 bits').toBeLessThanOrEqual(1);
  });

  it('holds up other work for one piece at a time', async () => {
    const order: string[] = [];
    const converting = resampleInPieces(speechLike(400_000, 48_000), 48_000, 16_000).then(() =>
      order.push('converted'),
    );
    setImmediate(() => order.push('other work'));
    await converting;
    expect(order).toEqual(['other work', 'converted']);
  });

  it('is refused at once where it cannot be converted', () => {
    expect(() => resampledPieces(noise(10, 1), 16_000, 0)).toThrow(RangeError);
  });
});

describe('speech that is converted while it is said', () => {
  it.each([
    [16_000, 24_000],
    [22_050, 16_000],
    [16_000, 16_000],
  ])('from %i to %i Hz is the same in frames of any length', (fromHz, toHz) => {
    const samples = speechLike(100_001, fromHz);
    const whole = convertRate(samples, fromHz, toHz);
    const speech = new ConvertedSpeech({ samples, sampleRateHz: fromHz }, toHz);
    expect(speech.remaining).toBe(whole.length);
    const read: number[] = [];
    for (let count = 1; speech.remaining > 0; count += 997) read.push(...speech.read(count));
    expect(read).toHaveLength(whole.length);
    const error = whole.reduce((most, sample, i) => Math.max(most, Math.abs(sample - (read[i] ?? 0))), 0);
    expect(error, 'the largest difference, in steps of 16 bits').toBeLessThanOrEqual(1);
    expect(speech.read(320)).toEqual(new Int16Array());
  });
});
