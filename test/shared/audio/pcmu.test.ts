import { describe, expect, it } from 'vitest';
import wavefile from 'wavefile';
import { decodePcmu, encodePcmu } from '../../../shared/audio/pcmu.ts';

const ALL = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);

/** Decision values of G.711, table 2a: the upper end of each interval, by segment; 14 bits. */
function intervals(): { readonly upTo: number; readonly value: number }[] {
  const list = [{ upTo: 1, value: 0 }];
  let edge = 1;
  for (let segment = 0; segment < 8; segment += 1) {
    const step = 2 << segment;
    for (let i = segment === 0 ? 1 : 0; i < 16; i += 1) {
      list.push({ upTo: edge + step, value: edge + step / 2 });
      edge += step;
    }
  }
  return list;
}

describe('PCMU', () => {
  it('has the 128 intervals and values of ITU-T G.711, table 2a', () => {
    const list = intervals();
    expect(list).toHaveLength(128);
    expect(list.at(-1), 'the last decision value is 8159, its value 8031').toEqual({
      upTo: 8_159,
      value: 8_031,
    });
  });

  it('codes every one of the 65,536 samples as the table says, and decodes it to the value of its interval', () => {
    const list = intervals();
    const codes = encodePcmu(ALL);
    const decoded = decodePcmu(codes);
    ALL.forEach((sample, i) => {
      // The last two bits are not heard: the scale of the table is that of 14 bits, rounded down.
      const level = sample >> 2;
      const magnitude = Math.min(8_158, Math.abs(level));
      const number = list.findIndex(({ upTo }) => magnitude < upTo);
      // The characters of the table are the numbers of the intervals, inverted, with the sign in the first bit.
      const code = level < 0 ? 0x7f - number : 0xff - number;
      const value = (level < 0 ? -1 : 1) * (list[number]?.value ?? Number.NaN) * 4;
      if (codes[i] !== code || (decoded[i] ?? 0) !== (value === 0 ? 0 : value)) {
        expect([sample, codes[i], decoded[i]]).toEqual([sample, code, value]);
      }
    });
  });

  it('gives every code back that it decodes, but for the two zeros', () => {
    const codes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const again = encodePcmu(decodePcmu(codes));
    expect([...again].flatMap((code, i) => (code === i ? [] : [[i, code]]))).toEqual([[0x7f, 0xff]]);
  });

  it('is decoded alike by another implementation', () => {
    const codes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const wav = new wavefile.WaveFile();
    wav.fromScratch(1, 8_000, '8m', [...codes]);
    wav.fromMuLaw();
    expect([...decodePcmu(codes)]).toEqual([...(wav.getSamples(false, Int16Array) as unknown as Int16Array)]);
  });
});
