import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Floor } from '../../../relay/speak/floor.ts';

interface Member {
  readonly name: string;
  readonly priority: number;
}

const member = (name: string, priority = 0): Member => ({ name, priority });

describe('Floor', () => {
  it('is given to whoever asks while nobody has it', () => {
    const floor = new Floor<Member>();
    const a = member('a');
    expect(floor.request(a)).toEqual({ type: 'granted' });
    expect(floor.request(a), 'asked again').toEqual({ type: 'granted' });
    expect(floor.holder).toBe(a);
  });

  it('lets equals wait for one another in the order in which they asked', () => {
    const floor = new Floor<Member>();
    const [a, b, c] = [member('a'), member('b'), member('c')];
    floor.request(a);
    expect(floor.request(b)).toEqual({ type: 'waits' });
    expect(floor.request(c)).toEqual({ type: 'waits' });
    floor.request(b);
    expect(floor.release(a)).toBe(b);
    expect(floor.release(b)).toBe(c);
    expect(floor.release(c)).toBeUndefined();
    expect(floor.holder).toBeUndefined();
  });

  it('is taken by a higher priority, and the loser has to ask again', () => {
    const floor = new Floor<Member>();
    const [low, high] = [member('low'), member('high', 5)];
    floor.request(low);
    expect(floor.request(high)).toEqual({ type: 'interrupts', loser: low });
    expect(floor.waiting).toEqual([]);
    expect(floor.request(low)).toEqual({ type: 'waits' });
    expect(floor.release(high)).toBe(low);
  });

  it('changes nothing when one that only waits, or does not even wait, gives it back', () => {
    const floor = new Floor<Member>();
    const [a, b] = [member('a'), member('b')];
    floor.request(a);
    floor.request(b);
    expect(floor.release(b)).toBeUndefined();
    expect(floor.release(b)).toBeUndefined();
    expect(floor.holder).toBe(a);
    expect(floor.release(a)).toBeUndefined();
  });

  it('is given up for an equal that waits, and for nobody else', () => {
    const floor = new Floor<Member>();
    const [a, b, low] = [member('a', 1), member('b', 1), member('low')];
    floor.request(a);
    floor.request(low);
    expect([floor.isContended, floor.makeWay(a)], 'a lower one waits').toEqual([false, undefined]);
    floor.request(b);
    expect(floor.isContended).toBe(true);
    expect(floor.makeWay(b), 'of one that does not have it').toBeUndefined();
    expect(floor.makeWay(a)).toBe(b);
    expect(floor.waiting).toEqual([a, low]);
  });

  it('keeps its rules whatever its members do', () => {
    const members = Array.from({ length: 6 }, (_, i) => member(`m${i}`, i % 3));
    const step = fc.record({ who: fc.nat(members.length - 1), asks: fc.boolean() });
    return fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const floor = new Floor<Member>();
        /** The order in which those who wait have asked. */
        let asked: Member[] = [];
        for (const { who, asks } of steps) {
          const one = members[who];
          if (one === undefined) continue;
          if (asks) {
            const answer = floor.request(one);
            if (answer.type !== 'waits') expect(floor.holder).toBe(one);
            if (answer.type === 'interrupts') expect(answer.loser.priority).toBeLessThan(one.priority);
            if (answer.type === 'waits' && !asked.includes(one)) asked.push(one);
          } else floor.release(one);
          asked = asked.filter((each) => floor.waiting.includes(each));

          const { holder, waiting } = floor;
          if (holder === undefined) expect(waiting, 'nobody waits for a free floor').toEqual([]);
          else {
            expect(waiting, 'who has it does not wait for it').not.toContain(holder);
            for (const { priority } of waiting) expect(priority).toBeLessThanOrEqual(holder.priority);
          }
          const expected = asked.toSorted((a, b) => b.priority - a.priority);
          expect(waiting, 'higher first, equals as they asked').toEqual(expected);
        }
      }),
    );
  });

  it('comes to everybody who waits, once those before have finished', () => {
    const members = Array.from({ length: 5 }, (_, i) => member(`m${i}`, i % 2));
    const floor = new Floor<Member>();
    for (const each of members) floor.request(each);
    const heard: Member[] = [];
    for (let holder = floor.holder; holder !== undefined; holder = floor.release(holder)) heard.push(holder);
    expect(heard.map(({ name }) => name)).toEqual(['m1', 'm3', 'm2', 'm4']);
  });
});
