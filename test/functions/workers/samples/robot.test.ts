import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newRingModulation, ringModulate } from '../../../../functions/workers/samples/ring-modulation.ts';
import { noise } from '../../../support/signals.ts';

const CARRIER_HZ = 50;

const RATES = [16_000, 24_000] as const;

interface Piece {
  readonly pcm: Int16Array;
  readonly timestamp: number;
}

/** Modulates the pieces one after the other, the state going through JSON as it does between two events. */
function modulatePieces(pieces: readonly Piece[], sampleRateHz: number): Int16Array[] {
  let state = newRingModulation();
  return pieces.map(({ pcm, timestamp }) => {
    const out = ringModulate({ pcm, sampleRateHz, timestamp }, state);
    state = JSON.parse(JSON.stringify(state));
    return out;
  });
}

/** Cuts a signal at these places. */
function cut(signal: Int16Array, places: readonly number[]): Piece[] {
  const edges = [0, ...[...places].sort((a, b) => a - b), signal.length];
  return edges.slice(1).map((end, i) => ({ pcm: signal.slice(edges[i], end), timestamp: edges[i] ?? 0 }));
}

const join = (pieces: readonly Int16Array[]): number[] => pieces.flatMap((piece) => [...piece]);

const LENGTH = 3_000;
const rate = fc.constantFrom(...RATES);
const places = fc.array(fc.integer({ min: 0, max: LENGTH }), { maxLength: 20 });
const seed = fc.integer({ min: 1, max: 1_000_000 });

describe('ring modulation', () => {
  it('is the signal times a cosine of 50 Hz, rounded', () =>
    fc.assert(
      fc.property(seed, rate, (n, sampleRateHz) => {
        const signal = noise(LENGTH, n);
        const expected = [...signal].map((sample, i) =>
          Math.min(32_767, Math.round(sample * Math.cos((2 * Math.PI * CARRIER_HZ * i) / sampleRateHz))),
        );
        const [out] = modulatePieces(cut(signal, []), sampleRateHz);
        // A product that lies on a half may be rounded the other way: the cosine is the same only to its last bits.
        const worst = Math.max(...expected.map((value, i) => Math.abs(value - (out?.[i] ?? Number.NaN))));
        expect(worst).toBeLessThanOrEqual(1);
      }),
    ));

  it('is the same, sample by sample, however the signal is cut into chunks', () =>
    fc.assert(
      fc.property(seed, rate, places, (n, sampleRateHz, at) => {
        const signal = noise(LENGTH, n);
        const whole = join(modulatePieces(cut(signal, []), sampleRateHz));
        expect(join(modulatePieces(cut(signal, at), sampleRateHz))).toEqual(whole);
      }),
    ));

  it('runs on through a gap as if the lost audio had been there', () =>
    fc.assert(
      fc.property(seed, rate, places, fc.nat(), (n, sampleRateHz, at, lost) => {
        const pieces = cut(noise(LENGTH, n), at);
        const all = modulatePieces(pieces, sampleRateHz);
        const without = lost % pieces.length;
        const isKept = (_: unknown, i: number): boolean => i !== without;
        expect(modulatePieces(pieces.filter(isKept), sampleRateHz)).toEqual(all.filter(isKept));
      }),
    ));

  it('gives two participants whose chunks alternate what each would get alone', () => {
    const [a, b] = [cut(noise(LENGTH, 1), [700, 1_501]), cut(noise(LENGTH, 2), [900, 2_003])];
    const alternating = a.flatMap((piece, i) => [piece, b[i] as Piece]);
    const out = modulatePieces(alternating, 16_000);
    expect(out.filter((_, i) => i % 2 === 0)).toEqual(modulatePieces(a, 16_000));
    expect(out.filter((_, i) => i % 2 === 1)).toEqual(modulatePieces(b, 16_000));
  });

  it('passes 2^32 samples without a jump', () => {
    const signal = new Int16Array(200).fill(10_000);
    const state = newRingModulation();
    const start = 2 ** 32 - 200;
    const before = ringModulate({ pcm: signal, sampleRateHz: 16_000, timestamp: start }, state);
    const after = ringModulate({ pcm: signal, sampleRateHz: 16_000, timestamp: 0 }, state);
    const step = (a: number | undefined, b: number | undefined): number => Math.abs((a ?? 0) - (b ?? 0));
    expect(step(before.at(-1), after.at(0))).toBeLessThan(10_000 * ((2 * Math.PI * CARRIER_HZ) / 16_000) + 1);
  });

  it('saturates where the product leaves 16 bits', () => {
    const signal = new Int16Array(320).fill(-32_768);
    const out = ringModulate({ pcm: signal, sampleRateHz: 16_000, timestamp: 0 }, newRingModulation());
    expect([out[0], out[160]]).toEqual([-32_768, 32_767]);
  });

  it('leaves the samples that it was given alone', () => {
    const signal = noise(500, 3);
    ringModulate({ pcm: signal, sampleRateHz: 16_000, timestamp: 0 }, newRingModulation());
    expect(signal).toEqual(noise(500, 3));
  });

  it('refuses a rate whose carrier period is no whole number of samples', () => {
    const chunk = { pcm: new Int16Array(1), sampleRateHz: 11_025, timestamp: 0 };
    expect(() => ringModulate(chunk, newRingModulation())).toThrow('multiple of 50 Hz, not 11025 Hz');
  });
});
