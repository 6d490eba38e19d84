import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlayoutQueue } from '../../../../../local/emulators/acs/media/playout-queue.ts';

const FRAME = 320;

function counting(from: number, length: number): Int16Array {
  return Int16Array.from({ length }, (_, i) => from + i + 1);
}

describe('the playout queue', () => {
  it('plays silence while it is empty, and that is no underrun', () => {
    const queue = new PlayoutQueue(FRAME, 10_000);
    expect(queue.pull()).toEqual({ samples: new Int16Array(FRAME), fromApplication: 0 });
    expect(queue.underruns).toBe(0);
  });

  it('fills the frame in which audio ends with silence and counts one underrun', () => {
    const queue = new PlayoutQueue(FRAME, 10_000);
    queue.push(counting(0, FRAME + 5));
    expect(queue.pull()).toEqual({ samples: counting(0, FRAME), fromApplication: FRAME });
    const last = queue.pull();
    expect(last.fromApplication).toBe(5);
    expect(last.samples.subarray(0, 6)).toEqual(
      Int16Array.of(FRAME + 1, FRAME + 2, FRAME + 3, FRAME + 4, FRAME + 5, 0),
    );
    queue.pull();
    expect(queue.underruns, 'silence after the end is not another underrun').toBe(1);
  });

  it('counts an underrun when audio ends exactly with a frame', () => {
    const queue = new PlayoutQueue(FRAME, 10_000);
    queue.push(counting(0, FRAME));
    queue.pull();
    expect(queue.underruns).toBe(0);
    queue.pull();
    expect(queue.underruns).toBe(1);
  });

  it('drops everything on a flush, which is no underrun, and plays what comes after it', () => {
    const queue = new PlayoutQueue(FRAME, 10_000);
    queue.push(counting(0, 1_000));
    queue.pull();
    expect(queue.flush()).toBe(1_000 - FRAME);
    expect(queue.pull().fromApplication).toBe(0);
    expect(queue.underruns).toBe(0);
    queue.push(counting(5_000, FRAME));
    expect(queue.pull().samples).toEqual(counting(5_000, FRAME));
  });

  it('keeps the beginning of what does not fit and counts the rest', () => {
    const queue = new PlayoutQueue(FRAME, 500);
    queue.push(counting(0, 400));
    queue.push(counting(400, 400));
    queue.push(counting(800, 1));
    expect(queue.depth).toBe(500);
    expect(queue.overflowed).toBe(301);
    queue.pull();
    expect(queue.pull().samples.subarray(0, 180)).toEqual(counting(FRAME, 180));
  });

  it('plays every sample once and in order, except those that it says it dropped', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ push: fc.integer({ min: 0, max: 1_200 }) }) },
      { weight: 5, arbitrary: fc.constant('pull' as const) },
      { weight: 1, arbitrary: fc.constant('flush' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 0, max: 4_000 }), (steps, bound) => {
        const queue = new PlayoutQueue(FRAME, bound);
        let waiting: number[] = [];
        let next = 0;
        let pushed = 0;
        let flushed = 0;
        for (const action of steps) {
          if (action === 'pull') {
            const expected = waiting.splice(0, FRAME);
            const frame = queue.pull();
            expect(frame.fromApplication).toBe(expected.length);
            expect([...frame.samples]).toEqual([...expected, ...new Array(FRAME - expected.length).fill(0)]);
          } else if (action === 'flush') {
            expect(queue.flush()).toBe(waiting.length);
            flushed += waiting.length;
            waiting = [];
          } else {
            const samples = Int16Array.from({ length: action.push }, () => (next++ % 30_000) + 1);
            pushed += samples.length;
            waiting.push(...samples.subarray(0, Math.max(0, bound - waiting.length)));
            queue.push(samples);
          }
          expect(queue.depth).toBe(waiting.length);
          expect(queue.played + flushed + queue.overflowed + queue.depth).toBe(pushed);
        }
      }),
    );
  });
});
