import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Conference } from '../../../../../local/emulators/acs/media/conference.ts';
import { FakePhone } from './fake-phone.ts';

const FORMAT = { sampleRateHz: 16_000, frameSamples: 320 };
const SILENCE = { samples: new Int16Array(320), fromApplication: 0 };

function constant(value: number): Int16Array {
  return new Int16Array(320).fill(value);
}

describe('the phones of a call', () => {
  it('hear the playout and everybody but themselves', () => {
    const phones = [new FakePhone('a'), new FakePhone('b'), new FakePhone('c')];
    const conference = new Conference(phones, FORMAT);
    conference.start();
    phones[0]?.willSay(constant(1));
    phones[1]?.willSay(constant(20));
    conference.speak();
    conference.hear({ samples: constant(300), fromApplication: 320 });
    expect(phones.map(({ heard }) => heard[0]?.samples)).toEqual([
      constant(320),
      constant(301),
      constant(321),
    ]);
    expect(phones.map(({ heard }) => heard[0]?.fromApplication)).toEqual([320, 320, 320]);
    expect(conference.mixed()).toEqual(constant(21));
  });

  it('hear each other clipped, not wrapped around', () => {
    const phones = [new FakePhone('a'), new FakePhone('b'), new FakePhone('c')];
    const conference = new Conference(phones, FORMAT);
    conference.start();
    phones[0]?.willSay(constant(30_000));
    phones[1]?.willSay(constant(30_000));
    conference.speak();
    conference.hear(SILENCE);
    expect(conference.mixed()).toEqual(constant(32_767));
    expect(phones[0]?.heard[0]?.samples, 'the own voice is taken out before clipping').toEqual(
      constant(30_000),
    );
    expect(phones[2]?.heard[0]?.samples).toEqual(constant(32_767));
  });

  it('are mixed as the clipped sum of all', () => {
    const frame = fc.int16Array({ minLength: 320, maxLength: 320 });
    fc.assert(
      fc.property(fc.array(fc.option(frame, { nil: undefined }), { maxLength: 5 }), (said) => {
        const phones = said.map((samples, index) => new FakePhone(String(index)).willSay(samples));
        const conference = new Conference(phones, FORMAT);
        conference.start();
        conference.speak();
        conference.mixed().forEach((mixed, i) => {
          const sum = said.reduce((total, samples) => total + (samples?.[i] ?? 0), 0);
          expect(mixed).toBe(Math.max(-32_768, Math.min(32_767, sum)));
        });
      }),
    );
  });

  it('join and leave between two frames', () => {
    const [first, second] = [new FakePhone('a'), new FakePhone('b')];
    const phones = [first];
    const conference = new Conference(phones, FORMAT);
    conference.start();
    conference.speak();
    conference.hear(SILENCE);
    phones.push(second);
    conference.speak();
    conference.hear(SILENCE);
    phones.shift();
    conference.speak();
    conference.hear(SILENCE);
    conference.stop();
    expect(first.events).toEqual(['started 16000', 'speak', 'hear', 'speak', 'hear', 'stopped']);
    expect(second.events).toEqual(['started 16000', 'speak', 'hear', 'speak', 'hear', 'stopped']);
  });

  it('hear nothing more once one of them has ended the call', () => {
    const [first, second] = [new FakePhone('a'), new FakePhone('b')];
    const conference = new Conference([first, second], FORMAT);
    first.onHear = () => conference.stop();
    conference.start();
    conference.speak();
    conference.hear(SILENCE);
    expect(first.events).toEqual(['started 16000', 'speak', 'hear', 'stopped']);
    expect(second.events).toEqual(['started 16000', 'speak', 'stopped']);
  });

  it('must speak whole frames', () => {
    const conference = new Conference([new FakePhone('a').willSay(new Int16Array(319))], FORMAT);
    conference.start();
    expect(() => conference.speak()).toThrow('a phone must say 320 samples at a time, not 319');
  });
});
