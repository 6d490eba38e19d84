import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateLimiter } from '../../../../functions/control/access/rate-limiter.ts';

describe('a rate limiter', () => {
  it('lets a burst pass, then as much as comes back in the time', () => {
    const limiter = new RateLimiter({ perMinute: 60, burst: 3, maxCallers: 10 });
    expect([0, 0, 0].map(() => limiter.take('a', 0))).toEqual([0, 0, 0]);
    expect(limiter.take('a', 0), 'milliseconds until the next').toBe(1_000);
    expect(limiter.take('a', 999)).toBe(1);
    expect(limiter.take('a', 1_000)).toBe(0);
    expect(limiter.take('b', 1_000), 'another caller').toBe(0);
  });

  it('gives nothing for a clock that is set back', () => {
    const limiter = new RateLimiter({ perMinute: 60, burst: 1, maxCallers: 10 });
    expect(limiter.take('a', 10_000)).toBe(0);
    expect(limiter.take('a', 0)).toBeGreaterThan(0);
    expect(limiter.take('a', 999)).toBe(1);
    expect(limiter.take('a', 1_000), 'it refills by the new clock').toBe(0);
  });

  it('remembers no more callers than it may, those that asked last', () => {
    const limiter = new RateLimiter({ perMinute: 1, burst: 1, maxCallers: 3 });
    for (const caller of ['a', 'b', 'c', 'a', 'd']) limiter.take(caller, 0);
    expect(limiter.size).toBe(3);
    expect(limiter.take('a', 0), 'who asked lately is remembered').toBeGreaterThan(0);
    expect(limiter.take('b', 0), 'who asked least lately is forgotten').toBe(0);
  });

  it('never lets more pass in any span than a burst and what comes back in it', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 600 }),
        fc.integer({ min: 1, max: 20 }),
        (pauses, perMinute, burst) => {
          const limiter = new RateLimiter({ perMinute, burst, maxCallers: 1 });
          const passed: number[] = [];
          let nowMs = 0;
          for (const pauseMs of pauses) {
            nowMs += pauseMs;
            const waitMs = limiter.take('a', nowMs);
            if (waitMs === 0) passed.push(nowMs);
            else if (limiter.take('a', nowMs + waitMs) === 0) {
              nowMs += waitMs;
              passed.push(nowMs);
            } else return false;
          }
          return passed.every((fromMs, first) =>
            passed
              .slice(first)
              .every((toMs, more) => more + 1 <= burst + ((toMs - fromMs) * perMinute) / 60_000 + 1e-6),
          );
        },
      ),
    );
  });
});
