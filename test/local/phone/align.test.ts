import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AlignmentSearch, align } from '../../../local/phone/align.ts';
import { noise } from '../../support/signals.ts';

const RATE = 16_000;

function delayed(silence: number, samples: Int16Array, tail = 400): Int16Array {
  const all = new Int16Array(silence + samples.length + tail);
  all.set(samples, silence);
  return all;
}

describe('align', () => {
  it('finds a recording after any leading silence and calls it exact', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 20_000 }),
        fc.integer({ min: 1, max: 1_000 }),
        (silence, seed) => {
          const said = noise(12_000, seed);
          expect(align(said, delayed(silence, said), RATE * 2)).toEqual({
            offset: silence,
            signalToErrorDb: Number.POSITIVE_INFINITY,
            exact: true,
          });
        },
      ),
      { numRuns: 20 },
    );
  });

  it('does not call a recording exact when one sample differs, one is missing or one came twice', () => {
    const said = noise(12_000, 7);
    const changed = said.slice();
    changed[6_000] = (changed[6_000] ?? 0) + 1;
    const missing = Int16Array.from([...said.subarray(0, 6_000), ...said.subarray(6_001)]);
    const twice = Int16Array.from([...said.subarray(0, 6_000), ...said.subarray(5_999)]);
    for (const heard of [changed, missing, twice]) {
      expect(align(said, delayed(3_200, heard), RATE)?.exact).toBe(false);
    }
  });

  it('says how large the error is beside the signal', () => {
    const said = noise(12_000, 3).map((sample) => sample >> 1);
    const heard = said.map((sample, i) => sample + Math.round((i % 2 === 0 ? 1 : -1) * 100));
    const signal = said.reduce((sum, sample) => sum + sample * sample, 0);
    const expected = 10 * Math.log10(signal / (12_000 * 100 * 100));
    expect(align(said, delayed(100, heard), RATE)?.signalToErrorDb).toBeCloseTo(expected, 6);
  });

  it('finds nothing when nothing was said or too little was heard', () => {
    expect(align(new Int16Array(9_000), new Int16Array(20_000), RATE)).toBeUndefined();
    expect(align(noise(9_000, 1), noise(8_999, 1), RATE)).toBeUndefined();
  });
});

describe('a search while something is heard', () => {
  const searched = (expected: Int16Array, heard: Int16Array, piece = 320): AlignmentSearch => {
    const search = new AlignmentSearch(expected);
    for (let at = 0; at < heard.length; at += piece) search.add(heard.subarray(at, at + piece));
    return search;
  };

  it('finds a recording wherever it begins, however the audio comes in pieces, as it is found in the whole', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40_000 }),
        fc.integer({ min: 1, max: 9_000 }),
        fc.integer({ min: 0, max: 300 }),
        (silence, piece, error) => {
          const said = noise(12_000, 5).map((sample) => sample >> 1);
          const heard = delayed(
            silence,
            said.map((sample, i) => sample + (i % 2 === 0 ? error : -error)),
          );
          expect(searched(said, heard, piece).signalToErrorDb).toBe(
            align(said, heard, heard.length)?.signalToErrorDb,
          );
        },
      ),
      { numRuns: 20 },
    );
  });

  it('finds a recording that was begun, broken off, and played once more from the start', () => {
    const said = noise(12_000, 7);
    const brokenOff = said.subarray(0, 7_000);
    const heard = Int16Array.from([...brokenOff, ...said, ...brokenOff, ...new Int16Array(12_000)]);
    expect(searched(said, heard).signalToErrorDb).toBe(Number.POSITIVE_INFINITY);
  });

  it('finds a tone that repeats itself', () => {
    const tone = Int16Array.from({ length: 12_000 }, (_, i) => 8_000 * Math.sin((2 * Math.PI * i) / 16));
    expect(searched(tone, delayed(5_000, tone)).signalToErrorDb).toBe(Number.POSITIVE_INFINITY);
  });

  it('finds nothing in what is too short, silent or something else', () => {
    const said = noise(12_000, 9);
    for (const heard of [said.subarray(1), new Int16Array(30_000), noise(30_000, 10)])
      expect(searched(said, heard).signalToErrorDb).toBe(Number.NEGATIVE_INFINITY);
    expect(searched(new Int16Array(12_000), said).signalToErrorDb).toBe(Number.NEGATIVE_INFINITY);
  });
});
