import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Recording } from '../../../local/phone/recording.ts';

describe('a recording', () => {
  it('holds what was appended, in order, up to its bound', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 70_000 }), { maxLength: 6 }),
        fc.integer({ min: 0, max: 200_000 }),
        (lengths, bound) => {
          const recording = new Recording(bound);
          let next = 0;
          for (const length of lengths) recording.append(Int16Array.from({ length }, () => next++));
          const expected = Int16Array.from({ length: Math.min(next, bound) }, (_, i) => i);
          expect(recording.length).toBe(expected.length);
          expect(Buffer.from(recording.toSamples().buffer).equals(Buffer.from(expected.buffer))).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('keeps a copy of its own', () => {
    const recording = new Recording(10);
    const samples = Int16Array.of(1, 2);
    recording.append(samples);
    samples.fill(9);
    recording.toSamples().fill(8);
    expect(recording.toSamples()).toEqual(Int16Array.of(1, 2));
  });

  it('holds silence before, between and after sounds', () => {
    const silence = new Int16Array(70_000);
    const sound = Int16Array.from({ length: 70_000 }, (_, i) => i % 100);
    const recording = new Recording(1_000_000);
    const pieces = [silence, sound, silence, sound, silence];
    for (const piece of pieces) recording.append(piece);
    const expected = Buffer.concat(pieces.map(({ buffer }) => Buffer.from(buffer)));
    expect(Buffer.from(recording.toSamples().buffer).equals(expected)).toBe(true);
  });
});
