import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameClock } from '../../../../../local/emulators/acs/media/frame-clock.ts';

describe('the clock of the frames', () => {
  it('has the first frame due at the start and one more every 20 ms', () => {
    const clock = new FrameClock(1_000, 20);
    expect(clock.due(999.99)).toBe(0);
    expect(clock.due(1_000)).toBe(1);
    expect(clock.due(1_019.9)).toBe(1);
    expect(clock.due(1_020)).toBe(2);
  });

  it('catches up after a stall and keeps the deadlines it had', () => {
    const clock = new FrameClock(0, 20);
    clock.take();
    expect(clock.due(1_007)).toBe(50);
    for (let i = 0; i < 50; i++) clock.take();
    expect(clock.due(1_007)).toBe(0);
    expect(clock.deadlineMs).toBe(1_020);
  });

  it('never drifts, loses or doubles a frame, whenever it is asked', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 2e12, noNaN: true }),
        fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { maxLength: 200 }),
        (startMs, pauses) => {
          const clock = new FrameClock(startMs, 20);
          let nowMs = startMs;
          let taken = 0;
          for (const pause of pauses) {
            nowMs += pause;
            const due = clock.due(nowMs);
            for (let i = 0; i < due; i++) {
              expect(clock.take()).toBe(startMs + taken * 20);
              taken += 1;
            }
            expect(clock.due(nowMs)).toBe(0);
            expect(clock.deadlineMs).toBeGreaterThan(nowMs);
            expect(startMs + (taken - 1) * 20).toBeLessThanOrEqual(nowMs);
          }
        },
      ),
    );
  });
});
