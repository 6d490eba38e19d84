import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../../local/emulators/common/random.ts';
import { type Delay, drawDelay } from '../../../../../local/emulators/web-pubsub/faults/distribution.ts';
import { Throttle } from '../../../../../local/emulators/web-pubsub/rest/rest-faults.ts';
import { DelayLine } from '../../../../../local/emulators/web-pubsub/transport/delay-line.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';

const DELAY_LINE_MAX = 10_000;

function drawn(delay: Delay, count = 4_000): number[] {
  const random = seededRandom('delays');
  return Array.from({ length: count }, () => drawDelay(delay, random)).sort((a, b) => a - b);
}

const at = (sorted: number[], share: number): number =>
  sorted[Math.floor(sorted.length * share)] ?? Number.NaN;

describe('a distribution of delays', () => {
  it('is one number, or even between two', () => {
    expect(new Set(drawn(12, 10))).toEqual(new Set([12]));
    const even = drawn([10, 30]);
    expect(even[0]).toBeGreaterThanOrEqual(10);
    expect(even.at(-1)).toBeLessThanOrEqual(30);
    expect(at(even, 0.25)).toBeCloseTo(15, -0.5);
    expect(at(even, 0.5)).toBeCloseTo(20, -0.5);
  });

  it('is normal about its mean and never negative', () => {
    const normal = drawn({ mean: 100, deviation: 10 });
    expect(Math.abs(at(normal, 0.5) - 100)).toBeLessThan(1);
    expect(Math.abs(at(normal, 0.841) - 110)).toBeLessThan(1.5);
    expect(drawn({ mean: 0, deviation: 10 })[0]).toBe(0);
  });

  it('is log-normal with the median and the 99th percentile that are asked for', () => {
    const network = drawn({ median: 40, p99: 250 }, 20_000);
    expect(Math.abs(at(network, 0.5) - 40)).toBeLessThan(2);
    expect(Math.abs(at(network, 0.99) - 250)).toBeLessThan(30);
  });
});

describe('a delay line', () => {
  it('keeps the order whatever the delays, and delivers nothing before its time', () => {
    const pushes = fc.array(fc.record({ waitMs: fc.nat(20), delayMs: fc.nat(50) }), { maxLength: 30 });
    fc.assert(
      fc.property(pushes, (messages) => {
        const clock = new ManualClock(0);
        const line = new DelayLine(clock, () => expect.unreachable());
        const out: number[] = [];
        for (const [index, { waitMs, delayMs }] of messages.entries()) {
          clock.advance(waitMs);
          const dueMs = clock.now() + delayMs;
          line.push(delayMs, () => {
            expect(clock.now()).toBeGreaterThanOrEqual(dueMs);
            out.push(index);
          });
        }
        clock.advance(50);
        expect(out).toEqual(messages.map((_, index) => index));
        expect(line.isIdle).toBe(true);
      }),
    );
  });

  it('lets what a message causes go behind what waits already', () => {
    const clock = new ManualClock(0);
    const line = new DelayLine(clock, () => expect.unreachable());
    const out: string[] = [];
    line.push(10, () => {
      out.push('a');
      line.push(0, () => out.push('caused by a'));
    });
    line.push(0, () => out.push('b'));
    clock.advance(10);
    expect(out).toEqual(['a', 'b', 'caused by a']);
  });

  it('that is closed delivers nothing more, and one that holds too much closes', () => {
    const clock = new ManualClock(0);
    let overflows = 0;
    const line = new DelayLine(clock, () => {
      overflows += 1;
    });
    for (let i = 0; i <= DELAY_LINE_MAX; i += 1) line.push(5, () => expect.unreachable('it is lost'));
    expect(overflows).toBe(1);
    line.close();
    line.push(0, () => expect.unreachable('it is closed'));
    clock.advance(10);
    expect(line.isIdle, 'nobody may pass it by').toBe(false);
  });
});

describe('a throttle', () => {
  it('lets a second of requests through at once, then as many a second as it is set to, and says when', () => {
    const throttle = new Throttle(2);
    expect([throttle.take(0), throttle.take(0), throttle.take(0)]).toEqual([0, 0, 500]);
    expect([throttle.take(499), throttle.take(500), throttle.take(500)]).toEqual([1, 0, 500]);
    expect([throttle.take(60_000), throttle.take(60_000)]).toEqual([0, 0]);
    expect(throttle.take(60_000)).toBe(500);
  });
});
