import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Chunker } from '../../../relay/listen/chunker.ts';
import { AUDIO_FORMATS, bytesToMs } from '../../../shared/audio/audio-format.ts';

const { frameBytes, frameSamples } = AUDIO_FORMATS.pcm16KMono;

function chunker(options: Partial<ConstructorParameters<typeof Chunker>[0]> = {}): Chunker {
  return new Chunker({ format: 'pcm16KMono', minMs: 100, maxMs: 10_000, maxBacklogMs: 1_000, ...options });
}

/** A frame of 20 ms, all of whose bytes have this value. */
function frame(value: number): Uint8Array {
  return new Uint8Array(frameBytes).fill(value);
}

/** Pushes frames numbered `from` to `to` (not included), each where its number says. */
function push(target: Chunker, from: number, to: number): void {
  for (let n = from; n < to; n += 1) target.push(frame(n), n * frameSamples);
}

/** The numbers of the frames of a chunk. */
function numbers(chunk: ReturnType<Chunker['take']>): number[] {
  if (chunk === undefined) return [];
  return Array.from({ length: chunk.bytes.length / frameBytes }, (_, i) => chunk.bytes[i * frameBytes] ?? -1);
}

describe('Chunker', () => {
  it('gives nothing before a chunk has its shortest length', () => {
    const target = chunker();
    push(target, 0, 4);
    expect(target.take()).toBeUndefined();
    push(target, 4, 5);
    expect(target.take()).toMatchObject({ timestamp: 0, marker: true, ms: 100 });
    expect(target.take()).toBeUndefined();
  });

  it('makes one chunk of all that came while the last one was under way', () => {
    const target = chunker();
    push(target, 0, 5);
    target.take();
    push(target, 5, 28);
    const chunk = target.take();
    expect(chunk).toMatchObject({ timestamp: 5 * frameSamples, marker: false, ms: 400 });
    expect(numbers(chunk)).toEqual(Array.from({ length: 20 }, (_, i) => i + 5));
  });

  it('ends chunks at the same moments of the stream after a delay as before', () => {
    const target = chunker();
    push(target, 0, 5);
    target.take();
    push(target, 5, 13);
    expect(numbers(target.take())).toEqual([5, 6, 7, 8, 9]);
    push(target, 13, 14);
    expect(target.take(), 'less than the shortest').toBeUndefined();
    push(target, 14, 15);
    expect(numbers(target.take())).toEqual([10, 11, 12, 13, 14]);
  });

  it('makes the shortest chunk of whole frames', () => {
    const target = chunker({ minMs: 50 });
    push(target, 0, 7);
    expect(numbers(target.take())).toEqual([0, 1, 2, 3, 4, 5]);
    expect(target.take()).toBeUndefined();
  });

  it('never spans a gap: what lies before it is delivered however short, what lies behind it is marked', () => {
    const target = chunker();
    push(target, 0, 2);
    push(target, 7, 12);
    const before = target.take();
    expect(numbers(before)).toEqual([0, 1]);
    const behind = target.take();
    expect(behind).toMatchObject({ timestamp: 7 * frameSamples, marker: true });
    expect(numbers(behind)).toEqual([7, 8, 9, 10, 11]);
  });

  it('marks audio after a gap also when everything before it has been taken', () => {
    const target = chunker();
    push(target, 0, 5);
    target.take();
    push(target, 9, 14);
    expect(target.take()).toMatchObject({ timestamp: 9 * frameSamples, marker: true });
  });

  it('drops the oldest audio beyond its bound, counts it and marks what follows', () => {
    const target = chunker({ maxBacklogMs: 200 });
    push(target, 0, 14);
    expect(target.queuedBytes).toBe(10 * frameBytes);
    expect(target.droppedMs).toBe(80);
    const chunk = target.take();
    expect(chunk).toMatchObject({ timestamp: 4 * frameSamples, marker: true, ms: 200 });
    expect(numbers(chunk)[0]).toBe(4);
  });

  it('marks the chunk after one that was lost', () => {
    const target = chunker();
    push(target, 0, 5);
    target.take();
    target.lost();
    push(target, 5, 15);
    expect(target.take()?.marker).toBe(true);
    push(target, 15, 20);
    expect(target.take()?.marker).toBe(false);
  });

  it('gives a short rest when asked for it', () => {
    const target = chunker();
    push(target, 0, 1);
    expect(target.take()).toBeUndefined();
    expect(target.takeRest()).toMatchObject({ ms: 20, marker: true });
    expect(target.takeRest()).toBeUndefined();
  });

  it('delivers what somebody said who has been quiet for the length of a chunk', () => {
    const target = chunker();
    push(target, 0, 2);
    expect(target.take(6 * frameSamples)).toBeUndefined();
    expect(numbers(target.take(7 * frameSamples))).toEqual([0, 1]);
  });

  it('cuts a chunk at its longest length without a mark, since nothing is missing between the two', () => {
    const target = chunker({ maxMs: 200 });
    push(target, 0, 16);
    expect(target.take()?.ms).toBe(200);
    expect(target.take()).toMatchObject({ timestamp: 10 * frameSamples, marker: false, ms: 100 });
    expect(target.takeRest()).toMatchObject({ timestamp: 15 * frameSamples, marker: false, ms: 20 });
  });

  it('refuses bounds under which no chunk could come about', () => {
    expect(() => chunker({ maxBacklogMs: 99 })).toThrow(RangeError);
    expect(() => chunker({ maxMs: 99 })).toThrow(RangeError);
  });

  it('gives back every byte once and in order, except what it counts as dropped', () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('push'), frames: fc.integer({ min: 1, max: 12 }) }),
      fc.record({ kind: fc.constant('gap'), frames: fc.integer({ min: 1, max: 8 }) }),
      fc.record({ kind: fc.constant('take'), frames: fc.constant(0) }),
      fc.record({ kind: fc.constant('rest'), frames: fc.constant(0) }),
    );
    const options = fc.record({
      minMs: fc.constantFrom(20, 40, 100),
      maxMs: fc.constantFrom(100, 160, 10_000),
      maxBacklogMs: fc.constantFrom(100, 200, 1_000),
    });
    return fc.assert(
      fc.property(options, fc.array(operation, { maxLength: 60 }), (bounds, operations) => {
        const target = chunker(bounds);
        const chunks: NonNullable<ReturnType<Chunker['take']>>[] = [];
        const pushed: number[] = [];
        let at = 0;
        for (const { kind, frames } of operations) {
          if (kind === 'gap') at += frames;
          for (let i = 0; kind === 'push' && i < frames; i += 1) {
            target.push(frame(at % 251), at * frameSamples);
            pushed.push(at);
            at += 1;
          }
          const chunk = kind === 'take' ? target.take() : kind === 'rest' ? target.takeRest() : undefined;
          if (chunk !== undefined) chunks.push(chunk);
          expect(bytesToMs('pcm16KMono', target.queuedBytes)).toBeLessThanOrEqual(bounds.maxBacklogMs);
        }
        for (let chunk = target.takeRest(); chunk !== undefined; chunk = target.takeRest())
          chunks.push(chunk);

        const delivered = chunks.flatMap((chunk) =>
          numbers(chunk).map((_, i) => chunk.timestamp / frameSamples + i),
        );
        expect(delivered.length * 20 + target.droppedMs, 'delivered + dropped = pushed').toBe(
          pushed.length * 20,
        );
        expect(delivered, 'in order, once each').toEqual([...new Set(delivered)].sort((a, b) => a - b));
        expect(pushed, 'nothing that was not pushed').toEqual(expect.arrayContaining(delivered));
        let end: number | undefined;
        for (const chunk of chunks) {
          expect(chunk.ms).toBeLessThanOrEqual(bounds.maxMs);
          expect(numbers(chunk), 'the bytes belong to the timestamp').toEqual(
            numbers(chunk).map((_, i) => (chunk.timestamp / frameSamples + i) % 251),
          );
          expect(chunk.marker, 'a mark exactly where audio is missing before').toBe(chunk.timestamp !== end);
          end = chunk.timestamp + chunk.bytes.length / 2;
        }
      }),
    );
  });
});
