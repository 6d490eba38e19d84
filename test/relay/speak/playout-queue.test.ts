import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeldAudio } from '../../../relay/audio/held-audio.ts';
import { PlayoutQueue } from '../../../relay/speak/playout-queue.ts';

const queueOf = (bounds: { maxBytes: number; maxPieces: number }, held = new HeldAudio()) =>
  new PlayoutQueue({ ownBytes: 0, ...bounds, held });

describe('PlayoutQueue', () => {
  it('gives everything back once and in order, in whatever pieces it is asked for', () => {
    const piece = fc.uint8Array({ maxLength: 50 });
    const asked = fc.array(fc.integer({ min: 0, max: 80 }), { maxLength: 40 });
    return fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), asked, (pieces, takes) => {
        const queue = queueOf({ maxBytes: 10_000, maxPieces: 100 });
        for (const each of pieces) expect(queue.push(each)).toBe('taken');
        const all = Buffer.concat(pieces);
        const taken = takes.map((bytes) => queue.take(bytes));
        const rest = queue.take(queue.bytes);
        expect(Buffer.concat([...taken, rest]).equals(all)).toBe(true);
        expect(queue.bytes).toBe(0);
      }),
    );
  });

  it('refuses whole what would be more than its bounds', () => {
    const queue = queueOf({ maxBytes: 10, maxPieces: 3 });
    expect(queue.push(new Uint8Array(8))).toBe('taken');
    expect(queue.push(new Uint8Array(3))).toBe('playout is full');
    expect(queue.bytes).toBe(8);
    expect(queue.push(new Uint8Array(1))).toBe('taken');
    expect(queue.push(new Uint8Array(1))).toBe('taken');
    expect(queue.take(8).byteLength).toBe(8);
    expect(queue.push(new Uint8Array(4))).toBe('taken');
    expect(queue.push(new Uint8Array(1)), 'a fourth piece').toBe('playout is full');
  });

  /** Beside so much the cost of a piece is little. */
  const megabytes = (count: number) => new Uint8Array(1_000_000 * count);

  it('shares the room of the relay with other queues, and gives it back however audio leaves', () => {
    const held = new HeldAudio(10_100_000);
    const [one, other] = [1, 2].map(() => queueOf({ maxBytes: 8_000_000, maxPieces: 10 }, held));
    if (one === undefined || other === undefined) return expect.unreachable();
    expect(one.push(megabytes(5))).toBe('taken');
    expect(other.push(megabytes(3))).toBe('relay is full');
    expect(one.take(2_000_000)).toHaveLength(2_000_000);
    expect(other.push(megabytes(3))).toBe('taken');
    one.putBack([megabytes(1)]);
    expect(other.push(megabytes(1))).toBe('relay is full');
    one.clear();
    expect(other.push(megabytes(2))).toBe('taken');
    other.take(8_000_000);
    expect(held.freeBytes, 'nothing is held any more').toBe(10_100_000);
  });

  it('never takes what is left, however many are far ahead', () => {
    const held = new HeldAudio(100_000_000);
    const queues = Array.from({ length: 9 }, () =>
      queueOf({ maxBytes: 100_000_000, maxPieces: 1_000 }, held),
    );
    let isTaken = true;
    while (isTaken) {
      isTaken = false;
      for (const queue of queues) isTaken = queue.push(megabytes(1)) === 'taken' || isTaken;
    }
    for (const { bytes } of queues) expect(bytes).toBeGreaterThan(8_000_000);
    const late = queueOf({ maxBytes: 100_000_000, maxPieces: 10 }, held);
    expect(late.limitBytes).toBeGreaterThan(4_500_000);
    expect(late.push(new Uint8Array(late.limitBytes - 1_024))).toBe('taken');
    expect(late.push(megabytes(1))).toBe('relay is full');
  });

  it('counts what small pieces cost, and not their audio alone', () => {
    const held = new HeldAudio(100_000);
    const queue = queueOf({ maxBytes: 100_000, maxPieces: 30_000 }, held);
    let taken = 0;
    while (queue.push(new Uint8Array(2)) === 'taken') taken += 1;
    expect(taken).toBeLessThan(100);
    queue.take(100);
    expect(queue.push(new Uint8Array(2))).toBe('taken');
    queue.take(queue.bytes);
    expect(held.freeBytes).toBe(100_000);
  });

  it('takes a little of everybody, however full others make the relay', () => {
    const held = new HeldAudio(10_100_000);
    const bounds = { maxBytes: 30_000_000, maxPieces: 10, ownBytes: 6_100_000, held };
    const [greedy, modest] = [new PlayoutQueue(bounds), new PlayoutQueue(bounds)];
    expect(greedy.push(megabytes(6))).toBe('taken');
    expect(greedy.push(megabytes(1))).toBe('relay is full');
    expect(modest.push(megabytes(6))).toBe('taken');
    expect(modest.push(megabytes(1))).toBe('relay is full');
    modest.take(3_000_000);
    expect(modest.push(megabytes(3))).toBe('taken');
  });

  it('puts back ahead of the rest what had left', () => {
    const queue = queueOf({ maxBytes: 10, maxPieces: 10 });
    queue.push(Uint8Array.of(3, 4));
    queue.putBack([Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2)]);
    expect([...queue.take(10)]).toEqual([1, 2, 3, 4]);
  });

  it('forgets everything and says how much it was', () => {
    const queue = queueOf({ maxBytes: 10, maxPieces: 10 });
    queue.push(new Uint8Array(7));
    expect(queue.clear()).toBe(7);
    expect(queue.take(10).byteLength).toBe(0);
    expect(queue.push(new Uint8Array(10))).toBe('taken');
  });

  it('keeps what waits of memory that is used again, once it has been told to', () => {
    const queue = queueOf({ maxBytes: 10, maxPieces: 10 });
    const memory = Buffer.of(1, 2, 3, 4);
    queue.push(memory.subarray(0, 2));
    queue.own();
    queue.push(memory.subarray(2));
    queue.take(3);
    queue.own();
    memory.fill(9);
    expect([...queue.take(10)]).toEqual([4]);
    queue.push(memory);
    expect(queue.take(4), 'what leaves at once is not copied').toBe(memory);
    queue.own();
    expect(queue.bytes).toBe(0);
  });
});
