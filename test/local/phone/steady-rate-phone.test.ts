import { expect, it } from 'vitest';
import type { Phone } from '../../../local/phone/phone.ts';
import { SteadyRatePhone } from '../../../local/phone/steady-rate-phone.ts';

function tone(hz: number, rateHz: number, samples: number): Int16Array {
  return Int16Array.from({ length: samples }, (_, at) => 10_000 * Math.sin((2 * Math.PI * hz * at) / rateHz));
}

function frequencyOf(samples: Int16Array, rateHz: number): number {
  let crossings = 0;
  for (let at = 1; at < samples.length; at += 1)
    if ((samples[at - 1] ?? 0) < 0 && (samples[at] ?? 0) >= 0) crossings += 1;
  return (crossings * rateHz) / samples.length;
}

/** A phone of 16 kHz that says a tone for half a second, and keeps what it hears. */
class TonePhone implements Phone {
  readonly rawId = '4:+14255550123';
  readonly rates: number[] = [];
  readonly heard: number[] = [];
  readonly fromApplication: number[] = [];
  reason = '';
  readonly #speech = tone(400, 16_000, 8_000);
  #said = 0;

  mediaStarted(sampleRateHz: number): void {
    this.rates.push(sampleRateHz);
  }

  speak(): Int16Array | undefined {
    this.#said += 320;
    return this.#said > this.#speech.length ? undefined : this.#speech.subarray(this.#said - 320, this.#said);
  }

  hear(samples: Int16Array, fromApplication: number): void {
    expect(samples, 'a frame of its own rate').toHaveLength(320);
    this.heard.push(...samples);
    this.fromApplication.push(fromApplication);
  }

  mediaStopped(): void {}

  ended(reason: string): void {
    this.reason = reason;
  }
}

it('lets a phone of 16 kHz speak and hear on a call of 24 kHz', () => {
  const phone = new TonePhone();
  const moved = new SteadyRatePhone(phone, 16_000);
  moved.mediaStarted(24_000);
  expect(phone.rates).toEqual([16_000]);
  const said: number[] = [];
  const answer = tone(600, 24_000, 24 * 500);
  for (let at = 0; at < answer.length; at += 480) {
    const frame = moved.speak();
    expect(frame, 'a frame of the rate of the call').toHaveLength(480);
    said.push(...(frame ?? []));
    moved.hear(answer.subarray(at, at + 480), 240);
  }
  // Where a tone begins it is no tone yet.
  expect(frequencyOf(Int16Array.from(said.slice(480)), 24_000)).toBeCloseTo(400, -1);
  expect(frequencyOf(Int16Array.from(phone.heard.slice(320)), 16_000)).toBeCloseTo(600, -1);
  expect(phone.fromApplication[0]).toBe(160);
  moved.ended('hungUp');
  expect(phone.reason).toBe('hungUp');
});

it('changes nothing on a call of its own rate', () => {
  const phone = new TonePhone();
  const moved = new SteadyRatePhone(phone, 16_000);
  moved.mediaStarted(16_000);
  expect(moved.speak()).toEqual(tone(400, 16_000, 8_000).subarray(0, 320));
  for (let frames = 1; frames < 25; frames += 1) moved.speak();
  expect(moved.speak(), 'silence stays silence').toBeUndefined();
});
