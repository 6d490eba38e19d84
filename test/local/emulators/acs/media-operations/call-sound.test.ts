import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Conference } from '../../../../../local/emulators/acs/media/conference.ts';
import { MediaTicker } from '../../../../../local/emulators/acs/media/media-ticker.ts';
import { CallSound } from '../../../../../local/emulators/acs/media-operations/call-sound.ts';
import type { Phone } from '../../../../../local/phone/phone.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { noise } from '../../../../support/signals.ts';
import { FakePhone } from '../media/fake-phone.ts';

const RATE = 16_000;
const FRAME = 320;

interface MediaOperationsFixture {
  readonly clock: ManualClock;
  readonly sound: CallSound;
  readonly phones: FakePhone[];
  /** The phones as a media stream would get them. */
  readonly line: Phone[];
  /** Lets microtasks run, in which prompts without samples end and streams are followed. */
  settle(): Promise<void>;
}

function fixture(...names: string[]): MediaOperationsFixture {
  const clock = new ManualClock();
  const line: Phone[] = [];
  const sound = new CallSound({ sampleRateHz: RATE, phones: () => line, ticker: new MediaTicker(clock) });
  const phones = names.map((name) => new FakePhone(name));
  for (const phone of phones) line.push(sound.wrap(phone));
  return { clock, sound, phones, line, settle: () => new Promise((resolve) => setImmediate(resolve)) };
}

function heardBy(phone: FakePhone | undefined): Int16Array {
  const frames = phone?.heard ?? [];
  const all = new Int16Array(frames.length * FRAME);
  for (const [index, { samples }] of frames.entries()) all.set(samples, index * FRAME);
  return all;
}

describe('a prompt in a call without a media stream', () => {
  it('is heard to the sample, in real time, and lets the phones be when it has ended', async () => {
    const { clock, sound, phones } = fixture('a');
    const samples = noise(1_000, 7).map((sample) => sample >> 2);
    let ended = 0;
    sound.speakToPhones({ samples, sampleRateHz: RATE, targets: 'all', finished: () => ended++ });
    clock.advance(40);
    expect(heardBy(phones[0]).length, 'three frames are due after 40 ms').toBe(3 * FRAME);
    expect(ended).toBe(0);
    clock.advance(20);
    expect(ended).toBe(1);
    expect(heardBy(phones[0]).subarray(0, 1_000)).toEqual(samples);
    expect(
      heardBy(phones[0])
        .subarray(1_000)
        .every((sample) => sample === 0),
    ).toBe(true);
    expect(phones[0]?.events.at(-1)).toBe('stopped');
    clock.advance(1_000);
    expect(clock.pending(), 'no timer runs').toEqual([]);
    expect(phones[0]?.heard).toHaveLength(4);
  });

  it('is heard by its targets only, while all go on hearing one another', () => {
    const { clock, sound, phones } = fixture('a', 'b');
    const word = Int16Array.from({ length: FRAME }, () => 100);
    phones[0]?.willSay(word);
    const samples = new Int16Array(FRAME).fill(5);
    sound.speakToPhones({ samples, sampleRateHz: RATE, targets: ['b'] });
    clock.advance(0);
    expect(heardBy(phones[0])).toEqual(new Int16Array(FRAME));
    expect(heardBy(phones[1])).toEqual(new Int16Array(FRAME).fill(105));
  });

  it('ends at once where nobody is to hear it, but not before it is known', async () => {
    const { sound, settle } = fixture('a');
    let ended = 0;
    const samples = new Int16Array(FRAME);
    sound.speakToPhones({ samples, sampleRateHz: RATE, targets: ['nobody'], finished: () => ended++ });
    expect(ended).toBe(0);
    await settle();
    expect(ended).toBe(1);
  });

  it('ends when its last listener leaves', () => {
    const { sound, clock, line } = fixture('a');
    let ended = 0;
    const samples = new Int16Array(FRAME * 10);
    sound.speakToPhones({ samples, sampleRateHz: RATE, targets: 'all', finished: () => ended++ });
    clock.advance(20);
    line.pop();
    sound.remove('a');
    expect(ended).toBe(1);
    expect(clock.pending()).toEqual([]);
  });

  it('is silent from the next frame on when stopped, and does not say that it ended', async () => {
    const { sound, clock, phones, settle } = fixture('a');
    sound.live(true);
    const samples = new Int16Array(FRAME * 10).fill(9);
    let ended = 0;
    const options = { samples, sampleRateHz: RATE, targets: 'all', loop: true } as const;
    const prompt = sound.speakToPhones({ ...options, finished: () => ended++ });
    clock.advance(300);
    prompt.stop();
    prompt.stop();
    const before = phones[0]?.heard.length ?? 0;
    clock.advance(100);
    await settle();
    expect(before).toBe(16);
    expect(
      heardBy(phones[0])
        .subarray(0, before * FRAME)
        .every((sample) => sample === 9),
    ).toBe(true);
    expect(
      heardBy(phones[0])
        .subarray(before * FRAME)
        .every((sample) => sample === 0),
    ).toBe(true);
    expect(ended).toBe(0);
    sound.live(false);
    expect(clock.pending()).toEqual([]);
  });

  it('mixes with others without wrapping round', () => {
    const { sound, clock, phones } = fixture('a');
    const loud = new Int16Array(FRAME).fill(30_000);
    sound.speakToPhones({ samples: loud, sampleRateHz: RATE, targets: 'all' });
    sound.speakToPhones({ samples: loud, sampleRateHz: RATE, targets: 'all' });
    clock.advance(0);
    expect(heardBy(phones[0])).toEqual(new Int16Array(FRAME).fill(32_767));
  });

  it('is heard on hold only where it is for those on hold', () => {
    const { sound, clock, phones } = fixture('a');
    sound.hold('a', true);
    const long = { sampleRateHz: RATE, targets: 'all' } as const;
    sound.speakToPhones({ ...long, samples: new Int16Array(FRAME * 4).fill(1) });
    sound.speakToPhones({ ...long, samples: new Int16Array(FRAME * 4).fill(2), heard: 'for hold' });
    clock.advance(20);
    sound.hold('a', false);
    clock.advance(40);
    const levels = phones[0]?.heard.map(({ samples }) => samples[0]);
    expect(levels).toEqual([2, 2, 1, 1]);
  });
});

describe('a prompt in a call with a media stream', () => {
  it('is carried by the stream, and goes on without it', async () => {
    const { sound, clock, phones, line, settle } = fixture('a');
    const samples = noise(FRAME * 6, 3).map((sample) => sample >> 2);
    let ended = 0;
    sound.speakToPhones({ samples, sampleRateHz: RATE, targets: 'all', finished: () => ended++ });
    clock.advance(20);
    expect(phones[0]?.heard).toHaveLength(2);
    const stream = new Conference(line, { sampleRateHz: RATE, frameSamples: FRAME });
    stream.start();
    expect(clock.pending(), 'the stream has taken over').toEqual([]);
    for (let frame = 0; frame < 2; frame++) {
      stream.speak();
      stream.hear({ samples: new Int16Array(FRAME), fromApplication: 0 });
    }
    stream.stop();
    await settle();
    clock.advance(20);
    expect(ended).toBe(1);
    expect(heardBy(phones[0])).toEqual(samples);
    const steps = phones[0]?.events.filter((event) => /^(started|stopped)/.test(event));
    expect(steps, 'nobody is told of two beginnings at a time').toEqual([
      'started 16000',
      'stopped',
      'started 16000',
      'stopped',
      'started 16000',
      'stopped',
    ]);
  });

  it('leaves what the application sends, and its count, as they are', () => {
    const { sound, phones, line } = fixture('a');
    const stream = new Conference(line, { sampleRateHz: RATE, frameSamples: FRAME });
    stream.start();
    sound.speakToPhones({ samples: new Int16Array(FRAME).fill(1), sampleRateHz: RATE, targets: 'all' });
    stream.speak();
    stream.hear({ samples: new Int16Array(FRAME).fill(2), fromApplication: 100 });
    expect(phones[0]?.heard[0]).toEqual({ samples: new Int16Array(FRAME).fill(3), fromApplication: 100 });
  });
});

describe('prompts of any length and number', () => {
  it('each end once, and each sample is heard exactly once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ length: fc.integer({ min: 1, max: 2_000 }), afterMs: fc.nat(100) }), {
          minLength: 1,
          maxLength: 6,
        }),
        (prompts) => {
          const { sound, clock, phones } = fixture('a');
          const ended = prompts.map(() => 0);
          for (const [index, { length, afterMs }] of prompts.entries()) {
            clock.advance(afterMs);
            sound.speakToPhones({
              samples: new Int16Array(length).fill(1),
              sampleRateHz: RATE,
              targets: 'all',
              finished: () => {
                ended[index] = (ended[index] ?? 0) + 1;
              },
            });
          }
          clock.advance(5_000);
          expect(ended).toEqual(prompts.map(() => 1));
          const total = heardBy(phones[0]).reduce((sum, sample) => sum + sample, 0);
          expect(total).toBe(prompts.reduce((sum, { length }) => sum + length, 0));
          expect(clock.pending()).toEqual([]);
        },
      ),
      { numRuns: 50 },
    );
  });
});
