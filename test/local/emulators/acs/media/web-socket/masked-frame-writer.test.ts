import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MaskedFrameWriter } from '../../../../../../local/emulators/acs/media/web-socket/masked-frame-writer.ts';

const TEXT = 1;

/** Reads one frame back after RFC 6455 section 5.2, and demands that nothing follows. */
function read(frame: Buffer) {
  const [first = 0, second = 0] = frame;
  expect(second & 0x80, 'the mask bit').toBe(0x80);
  const short = second & 0x7f;
  const lengthEnd = short < 126 ? 2 : short === 126 ? 4 : 10;
  const length =
    short < 126 ? short : short === 126 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2));
  const mask = frame.subarray(lengthEnd, lengthEnd + 4);
  const masked = frame.subarray(lengthEnd + 4);
  expect(masked.length, 'bytes of payload').toBe(length);
  const payload = Buffer.from(masked.map((byte, i) => byte ^ (mask[i % 4] ?? 0)));
  return { fin: (first & 0x80) !== 0, opcode: first & 0x7f, mask: mask.toString('hex'), payload };
}

describe('the frames of a client', () => {
  it('carry any payload, whatever was written before', () => {
    const length = fc.oneof(
      fc.integer({ min: 0, max: 2_000 }),
      fc.constantFrom(0, 125, 126, 127, 65_535, 65_536, 70_001),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(length, fc.boolean(), fc.constantFrom(0, 1, 8, 9, 10)), { maxLength: 6 }),
        (frames) => {
          const writer = new MaskedFrameWriter();
          for (const [i, [bytes, fin, opcode]] of frames.entries()) {
            const payload = Buffer.from(Uint8Array.from({ length: bytes }, (_, at) => at * 7 + i));
            const written = read(writer.write(opcode, payload, fin));
            expect(written).toMatchObject({ fin, opcode });
            // Not by `toEqual`, which takes a hundred times as long.
            expect(written.payload.equals(payload), 'the payload is the one that was written').toBe(true);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('take as few bytes for their length as there can be', () => {
    const writer = new MaskedFrameWriter();
    const headerOf = (length: number): number =>
      writer.write(TEXT, Buffer.alloc(length), true).length - length;
    expect([0, 125, 126, 65_535, 65_536].map(headerOf)).toEqual([6, 6, 8, 8, 14]);
  });

  it('leave the payload as it was', () => {
    const payload = Buffer.from('as it was');
    new MaskedFrameWriter().write(TEXT, payload, true);
    expect(payload.toString()).toBe('as it was');
  });

  it('are masked with a new key each', () => {
    const writer = new MaskedFrameWriter();
    const keys = Array.from({ length: 5_000 }, () => read(writer.write(TEXT, Buffer.from('x'), true)).mask);
    // Of 5,000 keys of 32 bits, two are the same once in 300 runs; three such pairs are not chance.
    expect(new Set(keys).size, 'different keys').toBeGreaterThan(4_997);
  });

  it('stay as they are once they were left to their holder', () => {
    const writer = new MaskedFrameWriter();
    const first = writer.write(TEXT, Buffer.from('first'), true);
    writer.leave();
    const second = writer.write(TEXT, Buffer.from('other'), true);
    expect(read(first).payload.toString()).toBe('first');
    expect(read(second).payload.toString()).toBe('other');
  });
});
