import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Chunker } from '../../../../relay/listen/chunker.ts';

const FRAME_BYTES = 640;
const FRAME_SAMPLES = 320;
const HEADROOM = 12;

function chunkerOf(change: { minMs?: number; maxMs?: number; maxBacklogMs?: number } = {}): Chunker {
  return new Chunker({
    format: 'pcm16KMono',
    minMs: 100,
    maxMs: 400,
    maxBacklogMs: 2_000,
    headroomBytes: HEADROOM,
    ...change,
  });
}

/** One frame's memory for all frames, as a reader has it that uses it again. */
function feed(chunker: Chunker, memory: Uint8Array, number: number): void {
  memory.fill(number % 251);
  chunker.push(memory, number * FRAME_SAMPLES);
}

describe('The memory of chunks', () => {
  it('is theirs alone, with room for a header before each, whatever comes of the frames', () => {
    const steps = fc.array(fc.oneof(fc.constant('push'), fc.constant('take')), { maxLength: 400 });
    fc.assert(
      fc.property(steps, (all) => {
        const chunker = chunkerOf();
        const memory = new Uint8Array(FRAME_BYTES);
        const taken: { bytes: Uint8Array; timestamp: number }[] = [];
        let number = 0;
        for (const step of all) {
          if (step === 'push') feed(chunker, memory, number++);
          const chunk = step === 'take' ? chunker.take() : undefined;
          if (chunk === undefined) continue;
          expect(chunk.bytes.byteOffset).toBeGreaterThanOrEqual(HEADROOM);
          // What a sender does with it.
          new Uint8Array(chunk.bytes.buffer, chunk.bytes.byteOffset - HEADROOM, HEADROOM).fill(0xee);
          taken.push(chunk);
        }
        for (const { bytes, timestamp } of taken) {
          const numbers = Array.from(
            bytes,
            (_, at) => (timestamp / FRAME_SAMPLES + Math.floor(at / FRAME_BYTES)) % 251,
          );
          expect(Array.from(bytes), 'each sample is that of its frame').toEqual(numbers);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('does not grow while the oldest audio is dropped', () => {
    const chunker = chunkerOf({ maxBacklogMs: 1_000 });
    const memory = new Uint8Array(FRAME_BYTES);
    for (let number = 0; number < 5_000; number += 1) feed(chunker, memory, number);
    const chunk = chunker.takeRest();
    expect(chunk?.timestamp).toBe(4_950 * FRAME_SAMPLES);
    expect(chunk?.bytes[0]).toBe(4_950 % 251);
    expect(chunk?.bytes.buffer.byteLength).toBeLessThanOrEqual(HEADROOM + 2 * 50 * FRAME_BYTES);
  });
});
