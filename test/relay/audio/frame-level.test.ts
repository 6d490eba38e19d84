import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameLevelDb, reachesLevel, SILENCE_DB } from '../../../relay/audio/frame-level.ts';
import { tone } from '../../support/signals.ts';

function bytes(samples: Int16Array<ArrayBuffer>): Uint8Array {
  return new Uint8Array(samples.buffer);
}

describe('the level of a frame', () => {
  it('is 0 dB for a square wave at full scale', () => {
    const square = Int16Array.from({ length: 320 }, (_, i) => (i % 2 === 0 ? 32_767 : -32_768));
    expect(frameLevelDb(bytes(square))).toBeCloseTo(0, 3);
  });

  it('is that of a sine: 3 dB below its peak', () => {
    const peakDb = 20 * Math.log10(16_000 / 32_768);
    expect(frameLevelDb(bytes(Int16Array.from(tone(320, 16_000, 400))))).toBeCloseTo(peakDb - 3.01, 1);
  });

  it('is silence for zeros, for nothing, and for a constant offset', () => {
    expect(frameLevelDb(new Uint8Array(640))).toBe(SILENCE_DB);
    expect(frameLevelDb(new Uint8Array(0))).toBe(SILENCE_DB);
    expect(frameLevelDb(bytes(new Int16Array(320).fill(1_000)))).toBe(SILENCE_DB);
  });

  it('is the same at an odd address', () => {
    const frame = bytes(Int16Array.from(tone(320, 16_000, 400)));
    const moved = new Uint8Array(641);
    moved.set(frame, 1);
    expect(frameLevelDb(moved.subarray(1))).toBe(frameLevelDb(frame));
  });
});

describe('whether a level is reached', () => {
  it('is what the level itself says, wherever in the audio the sound is', () => {
    const piece = fc.record({
      samples: fc.integer({ min: 1, max: 200 }),
      offset: fc.integer({ min: -500, max: 500 }),
      peak: fc.nat(300),
    });
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }),
        fc.integer({ min: -90, max: -20 }),
        (pieces, levelDb) => {
          const all = pieces.flatMap(({ samples, offset, peak }) =>
            Array.from({ length: samples }, (_, i) => offset + (i % 2 === 0 ? peak : -peak)),
          );
          const pcm = bytes(Int16Array.from(all));
          fc.pre(Math.abs(frameLevelDb(pcm) - levelDb) > 1e-6);
          expect(reachesLevel(pcm, levelDb)).toBe(frameLevelDb(pcm) >= levelDb);
        },
      ),
    );
  });
});
