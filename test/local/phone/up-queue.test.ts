import { describe, expect, it } from 'vitest';
import { UpQueue } from '../../../local/phone/up-queue.ts';

/** Frames that can be told apart; loud ones and silent ones. */
const loud = (id: number): Int16Array => new Int16Array(320).fill(10_000 + id);
const silent = (id: number): Int16Array => new Int16Array(320).fill(id);

const idOf = (frame: Int16Array | undefined): number | undefined => frame?.[0];

describe('the queue of a live telephone', () => {
  it('waits for two frames, and then gives each once and in order', () => {
    const queue = new UpQueue();
    queue.push(loud(1));
    expect(queue.take()).toBeUndefined();
    queue.push(loud(2));
    const taken: (number | undefined)[] = [];
    for (let id = 3; id < 100; id += 1) {
      taken.push(idOf(queue.take()));
      queue.push(loud(id));
    }
    expect(taken).toEqual(Array.from({ length: 97 }, (_, at) => 10_001 + at));
    expect(queue.counts).toEqual({ waitingMs: 40, late: 0, dropped: 0, leftOut: 0, putIn: 0 });
  });

  it('counts nothing as late before the first frame', () => {
    const queue = new UpQueue();
    for (let at = 0; at < 500; at += 1) expect(queue.take()).toBeUndefined();
    expect(queue.counts.late).toBe(0);
  });

  it('keeps ten frames at most, the newest', () => {
    const queue = new UpQueue();
    for (let id = 0; id < 25; id += 1) queue.push(loud(id));
    expect(queue.counts).toMatchObject({ waitingMs: 200, dropped: 15 });
    expect(idOf(queue.take())).toBe(10_015);
  });

  it('counts once when nothing more comes, and then waits for two frames again', () => {
    const queue = new UpQueue();
    queue.push(loud(1));
    queue.push(loud(2));
    for (let at = 0; at < 50; at += 1) queue.take();
    expect(queue.counts.late).toBe(1);
    queue.push(loud(3));
    expect(queue.take()).toBeUndefined();
    queue.push(loud(4));
    expect([queue.take(), queue.take()].map(idOf)).toEqual([10_003, 10_004]);
  });

  it('gives the last frame, though nothing follows it', () => {
    const queue = new UpQueue();
    queue.push(loud(1));
    const taken = Array.from({ length: 4 }, () => idOf(queue.take()));
    expect(taken.filter((id) => id !== undefined)).toEqual([10_001]);
  });

  it('loses and doubles nothing, however frames arrive', () => {
    // Bursts and holes of all lengths up to 8 frames.
    const queue = new UpQueue();
    const taken: number[] = [];
    let id = 0;
    for (let round = 0; round < 400; round += 1) {
      const burst = (round * 7) % 9;
      for (let n = 0; n < burst; n += 1) {
        id += 1;
        queue.push(loud(id));
      }
      for (let n = 0; n < burst + 1; n += 1) {
        const frame = idOf(queue.take());
        if (frame !== undefined) taken.push(frame);
      }
    }
    for (let n = 0; n < 15; n += 1) {
      const frame = idOf(queue.take());
      if (frame !== undefined) taken.push(frame);
    }
    expect(queue.counts.dropped).toBe(0);
    expect(taken).toEqual(Array.from({ length: id }, (_, at) => 10_001 + at));
  });

  it('leaves out silent frames, and no loud one, when too many wait for long', () => {
    const queue = new UpQueue();
    let id = 0;
    for (; id < 6; id += 1) queue.push(loud(id));
    const tick = (frame: Int16Array): number | undefined => {
      const taken = idOf(queue.take());
      queue.push(frame);
      return taken;
    };
    // Six frames wait all the time: far more than the arrival of frames varies by.
    const said: (number | undefined)[] = [];
    for (; id < 600; id += 1) said.push(tick(loud(id)));
    expect(queue.counts.leftOut, 'while somebody speaks').toBe(0);
    expect(said).toEqual(Array.from({ length: 594 }, (_, at) => 10_000 + at));
    for (let n = 0; n < 260; n += 1) tick(silent(1));
    expect(queue.counts).toMatchObject({ leftOut: 3, dropped: 0, late: 0, waitingMs: 60 });
  });

  it('waits for one frame more after the second shortage within half a minute', () => {
    const queue = new UpQueue();
    const speak = (frames: number): void => {
      queue.push(loud(0));
      queue.push(loud(1));
      for (let n = 0; n < frames; n += 1) {
        queue.take();
        queue.push(loud(n));
      }
      for (let n = 0; n < 5; n += 1) queue.take();
    };
    speak(100);
    expect(queue.counts).toMatchObject({ late: 1, putIn: 0 });
    speak(100);
    expect(queue.counts).toMatchObject({ late: 2, putIn: 1 });
    queue.push(loud(1));
    queue.push(loud(2));
    expect(queue.take()).toBeUndefined();
    queue.push(loud(3));
    expect(idOf(queue.take())).toBe(10_001);
  });

  it('does not do so for pauses that lie further apart', () => {
    const queue = new UpQueue();
    for (let pause = 0; pause < 4; pause += 1) {
      queue.push(loud(1));
      queue.push(loud(2));
      for (let n = 0; n < 1_600; n += 1) queue.take();
    }
    expect(queue.counts).toMatchObject({ late: 4, putIn: 0 });
  });
});
