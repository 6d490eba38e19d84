import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { align } from '../../../local/phone/align.ts';
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
