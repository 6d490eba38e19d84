import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlayoutClock } from '../../../relay/speak/playout-clock.ts';

describe('PlayoutClock', () => {
  it('has nothing to play at the start', () => {
    expect(new PlayoutClock().queuedMs(0)).toBe(0);
    expect(new PlayoutClock().queuedMs(1e12)).toBe(0);
  });

  it('plays in real time what was sent', () => {
    const clock = new PlayoutClock();
    clock.sent(100, 1_000);
    expect(clock.queuedMs(1_000)).toBe(100);
    expect(clock.queuedMs(1_040)).toBe(60);
    expect(clock.queuedMs(1_100)).toBe(0);
    expect(clock.queuedMs(5_000)).toBe(0);
  });

  it('plays audio after what is queued already', () => {
    const clock = new PlayoutClock();
    clock.sent(100, 1_000);
    clock.sent(100, 1_050);
    expect(clock.queuedMs(1_050)).toBe(150);
  });

  it('plays audio at once after a pause, and does not count the pause as played', () => {
    const clock = new PlayoutClock();
    clock.sent(100, 1_000);
    clock.sent(20, 9_000);
    expect(clock.queuedMs(9_000)).toBe(20);
  });

  it('says how much of the audio is not going to be heard when it is stopped', () => {
    const clock = new PlayoutClock();
    clock.sent(500, 0);
    expect(clock.stopped(200)).toBe(300);
    expect(clock.queuedMs(200)).toBe(0);
    expect(clock.stopped(200)).toBe(0);
    clock.sent(40, 210);
    expect(clock.queuedMs(210)).toBe(40);
  });

  it('agrees with a player that is stepped a millisecond at a time', () => {
    const step = fc.record({ waitMs: fc.nat(300), sentMs: fc.nat(400), isStop: fc.boolean() });
    const agrees = fc.property(fc.array(step, { maxLength: 30 }), (steps): void => {
      const clock = new PlayoutClock();
      let nowMs = 0;
      let queue = 0;
      for (const { waitMs, sentMs, isStop } of steps) {
        for (let ms = 0; ms < waitMs; ms += 1) queue = Math.max(0, queue - 1);
        nowMs += waitMs;
        if (isStop) {
          expect(clock.stopped(nowMs)).toBe(queue);
          queue = 0;
        } else {
          clock.sent(sentMs, nowMs);
          queue += sentMs;
        }
        expect(clock.queuedMs(nowMs)).toBe(queue);
      }
    });
    return fc.assert(agrees);
  });
});
