import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareWithGaps } from '../../../../local/run/audio/compare-with-gaps.ts';
import { Interpolator } from '../../../../relay/audio/rate-converter.ts';
import { noise, speechLike } from '../../../support/signals.ts';

const RATE = 16_000;
const PER_MS = RATE / 1_000;
const SPEECH = speechLike(2 * RATE, RATE);
/** Audio in which no silence could be taken for some that was put in. */
const WITHOUT_PAUSE = noise(2 * RATE, 3).map((sample) => sample >> 2 || 1);

type Piece = readonly [fromMs: number, toMs: number, silenceMs: number];

/**
 * What is heard of the audio, cut at these milliseconds with silence between, and half a second of silence around all.
 */
function inPieces(audio: Int16Array, ...pieces: readonly Piece[]): Int16Array {
  const silence = (ms: number): number[] => new Array<number>(ms * PER_MS).fill(0);
  return Int16Array.from([
    ...silence(500),
    ...pieces.flatMap(([fromMs, toMs, silenceMs]) => [
      ...audio.subarray(fromMs * PER_MS, toMs * PER_MS),
      ...silence(silenceMs),
    ]),
    ...silence(500),
  ]);
}

function heardInPieces(...pieces: readonly Piece[]): Int16Array {
  return inPieces(SPEECH, ...pieces);
}

function compared(heard: Int16Array) {
  return compareWithGaps(SPEECH, heard, RATE);
}

describe('what is heard beside what is expected', () => {
  it('is the same without a gap when every sample came once and in order', () => {
    expect(compared(heardInPieces([0, 2_000, 0]))).toMatchObject({
      startMs: 500,
      gaps: [],
      reachesEnd: true,
      signalToErrorDb: Number.POSITIVE_INFINITY,
    });
  });

  it('has silence put in, as much as there is, and every sample around it', () => {
    for (const cutMs of [333, 777, 1_401]) {
      const found = compared(heardInPieces([0, cutMs, 2_000], [cutMs, 2_000, 0]));
      expect(found, `cut at ${cutMs} ms`).toMatchObject({
        silenceMs: 2_000,
        lostMs: 0,
        signalToErrorDb: Number.POSITIVE_INFINITY,
      });
    }
  });

  it('has every sample of a voice wherever silence was put in, however little was heard before and after it', () => {
    const cutsMs = fc.uniqueArray(fc.integer({ min: 10, max: 1_930 }), {
      minLength: 1,
      maxLength: 4,
      comparator: (a, b) => Math.abs(a - b) < 20,
    });
    fc.assert(
      fc.property(
        cutsMs,
        fc.integer({ min: 20, max: 90 }),
        fc.integer({ min: 0, max: 60 }),
        (cuts, silenceMs, fromMs) => {
          const bounds = [fromMs, ...cuts.map((ms) => ms + fromMs).sort((a, b) => a - b), 2_000];
          const said = SPEECH.subarray(fromMs * PER_MS);
          const pieces = bounds.slice(1).map((toMs, i): Piece => [bounds[i] ?? 0, toMs, silenceMs]);
          const found = compareWithGaps(said, heardInPieces(...pieces), RATE);
          expect(found).toMatchObject({
            lostMs: 0,
            reachesEnd: true,
            signalToErrorDb: Number.POSITIVE_INFINITY,
          });
          expect(found?.silenceMs).toBeLessThanOrEqual(cuts.length * silenceMs);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('has several gaps, each for itself', () => {
    const found = compared(heardInPieces([0, 400, 60], [400, 900, 7], [900, 2_000, 0]));
    expect(found?.gaps.map(({ silenceMs, lostMs }) => [silenceMs, lostMs])).toEqual([
      [60, 0],
      [7, 0],
    ]);
    expect(found?.signalToErrorDb).toBe(Number.POSITIVE_INFINITY);
  });

  it('lacks what was lost, at the beginning, within and at the end', () => {
    const heard = inPieces(WITHOUT_PAUSE, [200, 500, 0], [700, 1_500, 0]);
    const found = compareWithGaps(WITHOUT_PAUSE, heard, RATE);
    expect(found?.gaps.map(({ silenceMs, lostMs }) => [silenceMs, lostMs])).toEqual([
      [0, 200],
      [0, 200],
      [0, 500],
    ]);
    expect(found).toMatchObject({ reachesEnd: false, signalToErrorDb: Number.POSITIVE_INFINITY });
  });

  it('has silence in place of audio: so much put in, and as much lost', () => {
    const heard = inPieces(WITHOUT_PAUSE, [0, 500, 100], [600, 2_000, 0]);
    expect(compareWithGaps(WITHOUT_PAUSE, heard, RATE)).toMatchObject({
      silenceMs: 100,
      lostMs: 100,
      signalToErrorDb: Number.POSITIVE_INFINITY,
    });
  });

  it('does not agree where audio is damaged, which is no gap', () => {
    const heard = heardInPieces([0, 2_000, 0]);
    for (let i = 0; i < 300 * PER_MS; i++) heard[1_000 * PER_MS + i] = (i * 7_919) % 20_011;
    const found = compared(heard);
    expect(found).toMatchObject({ silenceMs: 0, lostMs: 0 });
    expect(found?.signalToErrorDb).toBeLessThan(10);
  });

  it('does not agree where something else than silence was put in', () => {
    const heard = heardInPieces([0, 700, 100], [700, 2_000, 0]);
    heard.fill(9_000, 1_200 * PER_MS, 1_300 * PER_MS);
    expect(compared(heard)?.signalToErrorDb).toBeLessThan(20);
  });

  it('is found through a coding that changes every sample a little', () => {
    // Noise, which resembles itself nowhere: a voice does one period later, and the coding hides what tells them apart.
    const whole = inPieces(WITHOUT_PAUSE, [0, 700, 240], [700, 2_000, 0]);
    const found = compareWithGaps(
      WITHOUT_PAUSE,
      whole.map((sample) => sample - (sample % 64)),
      RATE,
    );
    expect(found?.lostMs).toBe(0);
    expect(found?.silenceMs).toBeCloseTo(240, -1);
    expect(found?.signalToErrorDb).toBeGreaterThan(30);
  });

  it('is found to the sample where the sound is so deep that it resembles itself a moment later', () => {
    const deep = new Interpolator(3).convert(SPEECH.subarray(0, SPEECH.length / 2));
    const cut = deep.length / 2;
    const heard = Int16Array.from([
      ...new Int16Array(1_000),
      ...deep.subarray(0, cut),
      ...new Int16Array(3_000),
      ...deep.subarray(cut),
    ]).map((sample) => sample - (sample % 32));
    const found = compareWithGaps(deep, heard, 3 * RATE);
    expect(found?.gaps).toEqual([{ silenceMs: expect.closeTo(3_000 / (3 * PER_MS), 0), lostMs: 0 }]);
    expect(found?.signalToErrorDb).toBeGreaterThan(35);
  });

  it('is nothing when nothing of it is heard', () => {
    expect(compared(new Int16Array(RATE))).toBeUndefined();
    expect(compareWithGaps(new Int16Array(RATE), SPEECH, RATE)).toBeUndefined();
  });
});
