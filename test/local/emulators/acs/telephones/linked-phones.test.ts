import { describe, expect, it } from 'vitest';
import { linkPhones } from '../../../../../local/emulators/acs/telephones/linked-phones.ts';

const HZ = 16_000;
const frameOf = (value: number, samples = HZ / 50): Int16Array => new Int16Array(samples).fill(value);

function linked(rates: readonly [number, number] = [HZ, HZ]) {
  const hangUps: string[] = [];
  const keys: string[] = [];
  const end = (rawId: string) => ({
    rawId,
    hangUp: () => hangUps.push(rawId),
    press: (key: string) => keys.push(`${rawId} ${key}`),
  });
  const [one, other] = linkPhones(end('one'), end('other'));
  one.mediaStarted(rates[0]);
  other.mediaStarted(rates[1]);
  return { one, other, hangUps, keys };
}

/** The first sample of each of the next frames. */
const said = (phone: { speak(): Int16Array | undefined }, frames: number) =>
  Array.from({ length: frames }, () => phone.speak()?.[0]);

describe('two telephones back to back', () => {
  it('say what the other hears, each frame once, in both directions', () => {
    const { one, other } = linked();
    for (const value of [1, 2, 3]) one.hear(frameOf(value));
    for (const value of [-1, -2]) other.hear(frameOf(value));
    expect(said(other, 4)).toEqual([1, 2, 3, undefined]);
    expect(said(one, 3)).toEqual([-1, -2, undefined]);
  });

  it('wait for a second frame, so that the turns of the two calls do not tear speech', () => {
    const { one, other } = linked();
    one.hear(frameOf(1));
    expect(said(other, 1)).toEqual([undefined]);
    const heard: (number | undefined)[] = [];
    for (let value = 2; value < 10; value++) {
      // The order of the turns changes.
      if (value % 2 === 0) one.hear(frameOf(value));
      heard.push(...said(other, 1));
      if (value % 2 === 1) one.hear(frameOf(value));
    }
    expect(heard).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('catch up in silence what a held up process has delayed, and keep every frame of speech', () => {
    const { one, other } = linked();
    for (let value = 1; value <= 20; value++) one.hear(frameOf(value));
    const heard: (number | undefined)[] = [];
    for (let turn = 0; turn < 25; turn++) {
      heard.push(...said(other, 1));
      one.hear(frameOf(0));
    }
    expect(heard.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(heard.slice(20).every((value) => value === undefined)).toBe(true);
    one.hear(frameOf(99));
    expect(said(other, 8), 'the way is short again').toContain(99);
  });

  it('keep at most a second, and nothing while nobody listens', () => {
    const { one, other } = linked();
    for (let value = 1; value <= 60; value++) one.hear(frameOf(value));
    expect(said(other, 1)).toEqual([11]);
    other.mediaStopped();
    one.hear(frameOf(70));
    other.mediaStarted(HZ);
    expect(said(other, 3)).toEqual([undefined, undefined, undefined]);
  });

  it('convert between calls of different rates', () => {
    const { one, other } = linked([16_000, 24_000]);
    for (let i = 0; i < 6; i++) one.hear(frameOf(1_000));
    const frames = Array.from({ length: 6 }, () => other.speak()).filter((frame) => frame !== undefined);
    expect(frames.map(({ length }) => length)).toContain(480);
    expect(frames.at(-1)?.[240]).toBe(1_000);
  });

  it('pass keys on, and hang up for each other once', () => {
    const { one, other, hangUps, keys } = linked();
    one.hearKey('5');
    other.hearKey('#');
    expect(keys).toEqual(['other 5', 'one #']);
    one.ended('hungUp');
    one.ended('hungUp');
    other.ended('hungUp');
    expect(hangUps).toEqual(['other']);
    other.hearKey('1');
    expect(keys).toHaveLength(2);
  });
});
