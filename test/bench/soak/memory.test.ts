import { describe, expect, it } from 'vitest';
import { growthOf, LEAST_SAMPLES, type MemorySample, WARM_UP_MS } from '../../../bench/soak/memory.ts';

const MB = 1024 * 1024;

/** A sample every five seconds, for so many minutes. */
function samples(of: (minute: number) => number, minutes = 15): MemorySample[] {
  return Array.from({ length: minutes * 12 }, (_, at) => ({
    atMs: at * 5_000,
    bytes: { relay: of(at / 12) },
  }));
}

describe('the memory of a process', () => {
  it('is flat when it grew in the first minutes and then breathes', () => {
    const grown = samples(
      (minute) => (minute < 4 ? 40 + minute * 40 : 200 + (Math.round(minute * 12) % 3)) * MB,
    );
    expect(growthOf(grown)).toMatchObject([{ name: 'relay', isFlat: true }]);
  });

  it('grows when it never stops growing', () => {
    expect(growthOf(samples((minute) => (100 + minute * 10) * MB))).toMatchObject([{ isFlat: false }]);
  });

  it('is not judged while it warms up, or by a few samples', () => {
    expect(growthOf(samples((minute) => minute * MB, WARM_UP_MS / 60_000))).toEqual([]);
    const few = samples((minute) => minute * MB).filter(
      ({ atMs }) => atMs < WARM_UP_MS + LEAST_SAMPLES * 3 * 5_000 - 1,
    );
    expect(growthOf(few.slice(0, -1))).toEqual([]);
  });
});
