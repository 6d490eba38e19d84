import { describe, expect, it } from 'vitest';
import { FrameConverter } from '../../../local/phone/frame-converter.ts';
import { samplesPerFrame } from '../../../local/phone/phone.ts';
import { convertRate } from '../../../local/phone/resample.ts';
import { noise, speechLike, tone } from '../../support/signals.ts';

const FRAMES = 40;

/** The rates of calls, of devices, and the ends of what a telephone may have. */
const PAIRS = [
  [16_000, 24_000],
  [24_000, 16_000],
  [44_100, 16_000],
  [44_100, 24_000],
  [48_000, 16_000],
  [48_000, 24_000],
  [16_000, 44_100],
  [24_000, 44_100],
  [16_000, 48_000],
  [24_000, 48_000],
  [96_000, 16_000],
  [16_000, 192_000],
  [192_000, 16_000],
  [8_000, 24_000],
  [8_000, 192_000],
  [192_000, 8_000],
  [11_050, 16_000],
] as const;

function converted(samples: Int16Array, fromHz: number, toHz: number): Int16Array[] {
  const converter = new FrameConverter(fromHz, toHz);
  const length = samplesPerFrame(fromHz);
  return Array.from({ length: samples.length / length }, (_, at) =>
    converter.convert(samples.subarray(at * length, (at + 1) * length)).slice(),
  );
}

describe('a converter of frames', () => {
  it.each(PAIRS)('from %i to %i Hz gives what converting the whole gives, a little later', (fromHz, toHz) => {
    const length = FRAMES * samplesPerFrame(fromHz);
    const delay = Math.ceil(20 * Math.max(1, toHz / fromHz));
    for (const signal of [speechLike(length, fromHz), noise(length, 7), tone(length, fromHz, 440)]) {
      const frames = converted(signal, fromHz, toHz);
      expect(new Set(frames.map((frame) => frame.length))).toEqual(new Set([samplesPerFrame(toHz)]));
      const whole = convertRate(signal, fromHz, toHz);
      const got = frames.flatMap((frame) => [...frame]);
      let most = 0;
      for (let at = delay; at < got.length; at += 1)
        most = Math.max(most, Math.abs((got[at] ?? 0) - (whole[at - delay] ?? 0)));
      expect(most, 'the largest difference, in steps of 16 bits').toBeLessThanOrEqual(1);
      expect((delay * 1_000) / toHz, 'how late it is, in milliseconds').toBeLessThanOrEqual(2.6);
    }
  });

  it('changes nothing at the same rate', () => {
    const frame = noise(320, 1);
    expect(new FrameConverter(16_000, 16_000).convert(frame)).toBe(frame);
  });

  it('hears nothing of another converter that works between its frames', () => {
    const signal = speechLike(20 * 882, 44_100);
    const alone = converted(signal, 44_100, 16_000);
    const one = new FrameConverter(44_100, 16_000);
    const other = new FrameConverter(16_000, 48_000);
    const between = noise(20 * 320, 3);
    const got = alone.map((_, at) => {
      other.convert(between.subarray(at * 320, (at + 1) * 320));
      return one.convert(signal.subarray(at * 882, (at + 1) * 882)).slice();
    });
    expect(got).toEqual(alone);
  });
});
