import type { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPCODE, writeFrame } from '../../../shared/web-socket/frame-writer.ts';

/** Reads one frame back after RFC 6455 section 5.2, and demands that nothing follows. */
function read(frame: Buffer) {
  const [first = 0, second = 0] = frame;
  const isMasked = (second & 0x80) !== 0;
  const short = second & 0x7f;
  const lengthEnd = short < 126 ? 2 : short === 126 ? 4 : 10;
  const length =
    short < 126 ? short : short === 126 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2));
  const mask = frame.subarray(lengthEnd, isMasked ? lengthEnd + 4 : lengthEnd);
  const body = frame.subarray(lengthEnd + mask.length);
  expect(body.length, 'bytes of payload').toBe(length);
  const payload = isMasked
    ? Buffer.from(body.map((byte, i) => byte ^ (mask[i % 4] ?? 0)))
    : Buffer.from(body);
  return {
    isMasked,
    isFinal: (first & 0x80) !== 0,
    opcode: first & 0x7f,
    mask: mask.toString('hex'),
    payload,
  };
}

/**
 * A socket that takes each frame at once, as the operating system mostly does, or, `slow`, keeps all of them where they
 * lie until they are read.
 */
function socketFixture(slow = false) {
  const frames: Buffer[] = [];
  const socket = {
    write: (frame: Buffer) => frames.push(slow ? frame : Buffer.from(frame)),
    get writableLength() {
      return slow ? frames.length : 0;
    },
  } as unknown as Writable;
  return { socket, frames };
}

const ROLES = ['client', 'server'] as const;
const OPCODES = fc.constantFrom(OPCODE.continuation, OPCODE.text, OPCODE.close, OPCODE.ping, OPCODE.pong);
/** Those beside which the header takes another form are drawn often; some do not fit into the memory that is shared. */
const LENGTHS = fc.oneof(
  fc.integer({ min: 0, max: 2_000 }),
  fc.constantFrom(0, 125, 126, 127, 65_535, 65_536, 70_001, 140_000),
);

describe('the frames that are written', () => {
  it('carry any payload, whatever was written before, masked where a client sends them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(LENGTHS, fc.boolean(), OPCODES, fc.constantFrom(...ROLES)), { maxLength: 6 }),
        fc.boolean(),
        (sent, slow) => {
          const { socket, frames } = socketFixture(slow);
          const payloads = sent.map(([bytes], i) =>
            Buffer.from(Uint8Array.from({ length: bytes }, (_, at) => at * 7 + i)),
          );
          for (const [i, [, isFinal, opcode, role]] of sent.entries()) {
            writeFrame(socket, role, opcode, payloads[i] ?? '', isFinal);
          }
          for (const [i, [, isFinal, opcode, role]] of sent.entries()) {
            const written = read(frames[i] ?? Buffer.alloc(0));
            expect(written).toMatchObject({ isFinal, opcode, isMasked: role === 'client' });
            // Not by `toEqual`, which takes a hundred times as long.
            expect(written.payload.equals(payloads[i] ?? Buffer.alloc(0)), 'the payload').toBe(true);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('take as few bytes for their length as there can be', () => {
    const { socket, frames } = socketFixture();
    const headerOf = (length: number): number => {
      writeFrame(socket, 'client', OPCODE.text, Buffer.alloc(length));
      return (frames.at(-1)?.length ?? 0) - length;
    };
    expect([0, 125, 126, 65_535, 65_536].map(headerOf)).toEqual([6, 6, 8, 8, 14]);
  });

  it('leave the payload as it was', () => {
    const payload = Buffer.from('as it was');
    writeFrame(socketFixture().socket, 'client', OPCODE.text, payload);
    expect(payload.toString()).toBe('as it was');
  });

  it('are masked with a new key each', () => {
    const { socket, frames } = socketFixture();
    for (let i = 0; i < 5_000; i++) writeFrame(socket, 'client', OPCODE.text, 'x');
    // Of 5,000 keys of 32 bits, two are the same once in 300 runs; three such pairs are not chance.
    expect(new Set(frames.map((frame) => read(frame).mask)).size, 'different keys').toBeGreaterThan(4_997);
  });

  it('stay as they are while a slow socket reads them, though others are written after them', () => {
    const slow = socketFixture(true);
    const fast = socketFixture();
    const texts = Array.from({ length: 300 }, (_, i) => `${i} ${'s'.repeat(1_000)}`);
    for (const text of texts) {
      writeFrame(slow.socket, 'client', OPCODE.text, text);
      writeFrame(fast.socket, 'server', OPCODE.text, 'other');
    }
    expect(slow.frames.map((frame) => read(frame).payload.toString())).toEqual(texts);
  });
});
