import { describe, expect, it } from 'vitest';
import { WavPhone } from '../../../local/phone/wav-phone.ts';
import { noise, tone } from '../../support/signals.ts';

const MAX_RECORDED_MS = 20 * 60_000;

const SILENCE = new Int16Array(320);

interface Handset {
  readonly phone: WavPhone;
  readonly hangUps: string[];
  /** One frame of media: what the phone says. */
  frame(heard?: Int16Array, fromApplication?: number): Int16Array | undefined;
}

function handset(
  options: { speech?: Int16Array; rate?: number; tailMs?: number; maxMs?: number } = {},
): Handset {
  const hangUps: string[] = [];
  const phone = new WavPhone({
    rawId: '4:+14255550123',
    ...(options.speech === undefined
      ? {}
      : { speech: { samples: options.speech, sampleRateHz: options.rate ?? 16_000 } }),
    tailMs: options.tailMs ?? 60_000,
    maxMs: options.maxMs ?? 60_000,
    onHangUp: (reason) => hangUps.push(reason),
  });
  phone.mediaStarted(16_000);
  return {
    phone,
    hangUps,
    frame: (heard = SILENCE, fromApplication = 0) => {
      const said = phone.speak();
      phone.hear(heard, fromApplication);
      return said;
    },
  };
}

describe('a phone that plays a recording', () => {
  it('says it once, from the first frame on, and then nothing', () => {
    const speech = noise(700, 1);
    const { frame } = handset({ speech });
    expect(frame()).toEqual(speech.slice(0, 320));
    expect(frame()).toEqual(speech.slice(320, 640));
    const last = new Int16Array(320);
    last.set(speech.subarray(640));
    expect(frame()).toEqual(last);
    expect(frame()).toBeUndefined();
  });

  it('records what it said and heard on one time axis, sample by sample', () => {
    const speech = noise(500, 1);
    const { phone, frame } = handset({ speech });
    const heard = [noise(320, 2), noise(320, 3), noise(320, 4)];
    for (const samples of heard) frame(samples);
    const said = new Int16Array(960);
    said.set(speech);
    expect(phone.said()).toEqual(said);
    expect(phone.heard()).toEqual(Int16Array.from(heard.flatMap((samples) => [...samples])));
    expect(phone.sampleRateHz).toBe(16_000);
  });

  it('converts its speech to the rate of the stream', () => {
    const { phone, frame } = handset({ speech: tone(44_100, 44_100, 440), rate: 44_100 });
    for (let i = 0; i < 50; i++) expect(frame()).toHaveLength(320);
    expect(frame()).toBeUndefined();
    const expected = tone(16_000, 16_000, 440);
    const off = phone
      .said()
      .subarray(100, 15_900)
      .map((sample, i) => Math.abs(sample - (expected[i + 100] ?? 0)));
    expect(Math.max(...off)).toBeLessThan(10);
  });

  it('goes on where it was when media stops and starts again', () => {
    const speech = noise(960, 1);
    const { phone, frame } = handset({ speech });
    frame();
    phone.mediaStopped();
    phone.mediaStarted(16_000);
    expect(frame()).toEqual(speech.slice(320, 640));
    expect(phone.said()).toEqual(speech.slice(0, 640));
    expect(() => phone.mediaStarted(24_000)).toThrow('cannot change from 16000 Hz to 24000 Hz');
  });

  it('hangs up after the given silence that follows its speech, asking once', () => {
    const { hangUps, frame } = handset({ speech: noise(400, 1), tailMs: 60 });
    frame();
    frame();
    frame();
    frame();
    expect(hangUps, 'two frames of silence are 40 ms').toEqual([]);
    frame();
    expect(hangUps).toEqual(['silence']);
    frame();
    expect(hangUps).toEqual(['silence']);
  });

  it('counts silence anew after every sound', () => {
    const { hangUps, frame } = handset({ tailMs: 60 });
    frame();
    frame();
    frame(noise(320, 1));
    frame();
    frame();
    expect(hangUps).toEqual([]);
    frame();
    expect(hangUps).toEqual(['silence']);
  });

  it('hangs up at its longest time, whatever it hears', () => {
    const { hangUps, frame } = handset({ speech: noise(16_000, 1), maxMs: 100 });
    for (let i = 0; i < 4; i++) frame(noise(320, i));
    expect(hangUps).toEqual([]);
    frame(noise(320, 9));
    expect(hangUps).toEqual(['maxDuration']);
  });

  it('stops recording at its bound and goes on hearing', () => {
    const forever = 2 * MAX_RECORDED_MS;
    const phone = new WavPhone({ rawId: 'a', tailMs: forever, maxMs: forever, onHangUp: () => {} });
    const rate = 1_000;
    phone.mediaStarted(rate);
    const frame = (): void => {
      phone.speak();
      phone.hear(new Int16Array(20), 0);
    };
    for (let i = 0; i <= MAX_RECORDED_MS / 20; i++) frame();
    expect(phone.heard()).toHaveLength((MAX_RECORDED_MS * rate) / 1_000);
  });

  it('refuses impossible times and media before its start', () => {
    expect(() => handset({ tailMs: -1 })).toThrow('tailMs must be zero or more milliseconds, not -1');
    expect(() => handset({ maxMs: Number.NaN })).toThrow('maxMs must be zero or more milliseconds, not NaN');
    const phone = new WavPhone({ rawId: 'a', tailMs: 0, maxMs: 0, onHangUp: () => {} });
    expect(() => phone.speak()).toThrow('only after mediaStarted');
    expect([phone.said(), phone.heard()].map(({ length }) => length)).toEqual([0, 0]);
  });
});
