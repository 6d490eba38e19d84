import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimerWheel } from '../../../relay/base/timer-wheel.ts';
import { RelayClock } from '../relay-clock.ts';

const WHEEL_SLOT_MS = 5;

function setUp() {
  const clock = new RelayClock();
  const errors: unknown[] = [];
  return { clock, errors, wheel: new TimerWheel(clock, (error) => errors.push(error)) };
}

describe('TimerWheel', () => {
  it('runs each once, in the order of their slots, at its deadline or within a slot after it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 40 }), async (deadlines) => {
        const { clock, wheel } = setUp();
        const ran: { deadline: number; at: number }[] = [];
        for (const deadline of deadlines)
          wheel.at(deadline, () => ran.push({ deadline, at: clock.elapsedMs() }));
        expect(clock.pending, 'timers of the process').toBeLessThanOrEqual(1);
        await clock.advance(2_100);
        expect(ran.map(({ deadline }) => deadline).toSorted()).toEqual(deadlines.toSorted());
        for (const { deadline, at } of ran) {
          expect(at).toBeGreaterThanOrEqual(deadline);
          expect(at - deadline).toBeLessThan(WHEEL_SLOT_MS + 1);
        }
        expect(clock.pending, 'timers when nothing is left to do').toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it('does not run what was cancelled, and stops waking for it', async () => {
    const { clock, wheel } = setUp();
    const ran: string[] = [];
    const cancel = wheel.at(50, () => ran.push('cancelled'));
    wheel.at(50, () => ran.push('kept'));
    cancel();
    cancel();
    await clock.advance(100);
    expect(ran).toEqual(['kept']);
    expect(clock.pending).toBe(0);
  });

  it('wakes earlier when something earlier is added, and takes deadlines that have passed', async () => {
    const { clock, wheel } = setUp();
    const ran: number[] = [];
    wheel.at(500, () => ran.push(clock.elapsedMs()));
    wheel.at(100, () => {
      ran.push(clock.elapsedMs());
      wheel.at(10, () => ran.push(clock.elapsedMs()));
    });
    await clock.advance(1_000);
    expect(ran).toEqual([100, 100, 500]);
  });

  it('runs the others when one of them throws', async () => {
    const { clock, wheel, errors } = setUp();
    const ran: string[] = [];
    wheel.at(10, () => {
      throw new Error('mine');
    });
    wheel.at(10, () => ran.push('same slot'));
    wheel.at(20, () => ran.push('next slot'));
    await clock.advance(50);
    expect(ran).toEqual(['same slot', 'next slot']);
    expect(errors).toEqual([new Error('mine')]);
  });
});
