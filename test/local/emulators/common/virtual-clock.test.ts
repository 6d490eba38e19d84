import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../local/emulators/common/clock.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

describe('a virtual clock', () => {
  it('goes like the clock beneath it until it is put forward, and keeps its lead', () => {
    const base = new ManualClock(1_000);
    const clock = new VirtualClock(base);
    base.advance(10);
    expect(clock.now()).toBe(1_010);
    clock.advance(5_000);
    expect(clock.now()).toBe(6_010);
    expect(clock.aheadMs).toBe(5_000);
    base.advance(10);
    expect(clock.now()).toBe(6_020);
  });

  it('runs what falls due on the way, in order and at its time, also what is set on the way', () => {
    const clock = new VirtualClock(new ManualClock(0));
    const ran: string[] = [];
    const note = (name: string) => (): void => {
      ran.push(`${name} at ${clock.now()}`);
    };
    clock.after(300, note('third'));
    clock.after(100, () => {
      note('first')();
      clock.after(100, note('second'));
    });
    clock.after(2_000, note('later'));
    clock.after(200, note('cancelled'))();
    clock.advance(1_000);
    expect(ran).toEqual(['first at 100', 'second at 200', 'third at 300']);
    clock.advance(1_000);
    expect(ran.at(-1)).toBe('later at 2000');
  });

  it('waits for the rest of a time that was partly let pass', () => {
    const base = new ManualClock(0);
    const clock = new VirtualClock(base);
    let ran = 0;
    clock.after(1_000, () => {
      ran += 1;
    });
    clock.advance(900);
    base.advance(99);
    expect(ran).toBe(0);
    base.advance(1);
    expect(ran).toBe(1);
    clock.advance(10_000);
    expect(ran, 'what has run does not run again').toBe(1);
  });

  it('is not put back', () => {
    const clock = new VirtualClock(new ManualClock(0));
    expect(() => clock.advance(-1)).toThrow('only be put forward');
    expect(() => clock.advance(Number.NaN)).toThrow(RangeError);
  });
});
