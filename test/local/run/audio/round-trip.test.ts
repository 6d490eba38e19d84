import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureRoundTrip } from '../../../../local/run/audio/round-trip.ts';
import { placed, robot } from '../../../support/heard-audio.ts';
import { noise, speechLike, tone } from '../../../support/signals.ts';

const RATE = 16_000;

describe('the round trip', () => {
  it.each([0, 360, 2_648, 3_001, 10_000])(
    'is the delay at which what was said is heard again: %i ms',
    (ms) => {
      const said = speechLike(4 * RATE, RATE);
      const heard = placed(16_000, [[ms, said]]);
      expect(measureRoundTrip(said, heard, RATE)).toMatchObject({ p50: ms, p99: ms, max: ms });
    },
  );

  it('is found within two milliseconds behind a ring modulator, however late', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 1, max: 1_000 }), (ms, seed) => {
        const said = speechLike(4 * RATE, RATE, { seed });
        const measured = measureRoundTrip(said, placed(15_000, [[ms, robot(said, RATE)]]), RATE);
        for (const each of [measured?.p50, measured?.max]) {
          expect(Math.abs((each ?? Number.NaN) - ms)).toBeLessThanOrEqual(2);
        }
      }),
      { numRuns: 6 },
    );
  });

  it('is that of each utterance for somebody who repeats one after the other', () => {
    const first = speechLike(2.5 * RATE, RATE, { seed: 1 });
    const second = speechLike(3.5 * RATE, RATE, { seed: 2 });
    const said = placed(20_000, [
      [0, first],
      [8_000, second],
    ]);
    const heard = placed(24_000, [
      [3_300, first],
      [15_700, second],
    ]);
    const measured = measureRoundTrip(said, heard, RATE);
    expect(measured?.max).toBe(7_700);
    expect([3_300, 7_700]).toContain(measured?.p50);
  });

  it('is that of the first repetition where the same words are said again and again', () => {
    const word = speechLike(1.5 * RATE, RATE);
    const said = placed(
      12_000,
      [0, 3_000, 6_000, 9_000].map((at) => [at, word]),
    );
    const heard = placed(
      14_000,
      [400, 3_400, 6_400, 9_400].map((at) => [at, robot(word, RATE)]),
    );
    expect(measureRoundTrip(said, heard, RATE)?.max).toBeLessThanOrEqual(402);
  });

  it('is not measured by chance: other speech is no answer, however much of it there is', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const said = speechLike(8 * RATE, RATE, { seed });
      const other = speechLike(14 * RATE, RATE, { seed: 1_000 + seed });
      expect(measureRoundTrip(said, placed(16_000, [[1_500, other]]), RATE), `seed ${seed}`).toBeUndefined();
    }
  });

  it.each([
    ['silence', new Int16Array(8 * RATE)],
    ['a tone', tone(8 * RATE, RATE, 440)],
    ['noise', noise(8 * RATE, 3)],
    ['less than a piece', speechLike(RATE / 2, RATE)],
  ])('is unknown where %s is all that is heard, or all that is said', (_what, sound) => {
    const said = speechLike(4 * RATE, RATE);
    expect(measureRoundTrip(said, sound, RATE)).toBeUndefined();
    expect(measureRoundTrip(sound, placed(10_000, [[1_000, said]]), RATE)).toBeUndefined();
  });
});
