import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Random, seededRandom, systemRandom } from '../../../../local/emulators/common/random.ts';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function fractions(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.fraction());
}

describe('seeded chance', () => {
  it('repeats itself with the same seed and not with another', () => {
    expect(fractions(seededRandom('a'), 50)).toEqual(fractions(seededRandom('a'), 50));
    expect(fractions(seededRandom('a'), 50)).not.toEqual(fractions(seededRandom('b'), 50));
  });

  it('is what it always was, so that a seed noted down keeps its meaning', () => {
    const random = seededRandom('trunkline');
    expect(random.uuid()).toBe('1ccf0b5c-6410-46ad-9f15-d2da28faebed');
    expect(random.bytes(5).toString('hex')).toBe('48e8fb53b5');
  });

  it('fills the unit interval evenly', () => {
    const tenths = new Array<number>(10).fill(0);
    for (const fraction of fractions(seededRandom('even'), 20_000)) {
      const tenth = Math.floor(fraction * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) {
      expect(count).toBeGreaterThan(1_800);
      expect(count).toBeLessThan(2_200);
    }
  });

  it('branches into streams that do not depend on how often others drew', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat({ max: 20 }), (seed, name, drawn) => {
        const untouched = seededRandom(seed).branch(name);
        const used = seededRandom(seed);
        fractions(used, drawn);
        fractions(used.branch(`${name}!`), drawn);
        expect(fractions(used.branch(name), 5)).toEqual(fractions(untouched, 5));
      }),
    );
  });
});

describe.each([
  ['seeded', seededRandom('x')],
  ['of the system', systemRandom],
])('chance %s', (_, random) => {
  it('stays between 0 and 1', () => {
    for (const fraction of fractions(random, 1_000)) {
      expect(fraction).toBeGreaterThanOrEqual(0);
      expect(fraction).toBeLessThan(1);
    }
  });

  it('makes version 4 UUIDs, each another one, and as many bytes as asked', () => {
    const uuids = Array.from({ length: 100 }, () => random.uuid());
    for (const uuid of uuids) expect(uuid).toMatch(UUID_V4);
    expect(new Set(uuids).size).toBe(100);
    for (const length of [0, 1, 4, 7, 1_200]) expect(random.bytes(length)).toHaveLength(length);
  });
});
