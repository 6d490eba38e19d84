import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FrameError,
  FrameReader,
} from '../../../../../../local/emulators/acs/media/web-socket/frame-reader.ts';
import { closePayload, serverFrame } from './server-frame.ts';

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const CONTINUATION = 0;

/** Everything that was told, bytes as copies. */
function setUp(maxMessageBytes = 1_000_000) {
  const told: string[] = [];
  const reader = new FrameReader(maxMessageBytes, {
    message: (bytes, isBinary) => told.push(`${isBinary ? 'binary' : 'text'} ${bytes.toString('hex')}`),
    ping: (bytes) => told.push(`ping ${bytes.toString('hex')}`),
    pong: () => told.push('pong'),
    close: (code) => told.push(`close ${code}`),
  });
  return { reader, told };
}

const hex = (text: string): string => Buffer.from(text).toString('hex');

/** Lengths at which the header takes another form are drawn often. */
const payload = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => Buffer.from(text)) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(0, 1, 125, 126, 127, 856, 65_535, 65_536)
      .map((length) => Buffer.alloc(length, 'x')),
  },
);

interface Sent {
  readonly frames: readonly Buffer[];
  readonly told: readonly string[];
}

const control: fc.Arbitrary<Sent> = fc
  .tuple(fc.constantFrom(PING, PONG), fc.uint8Array({ maxLength: 125 }))
  .map(([opcode, bytes]) => ({
    frames: [serverFrame(opcode, bytes)],
    told: [opcode === PONG ? 'pong' : `ping ${Buffer.from(bytes).toString('hex')}`],
  }));

/** A message in one frame or several, with control frames between them, as section 5.4 allows. */
const message: fc.Arbitrary<Sent> = fc
  .record({
    isBinary: fc.boolean(),
    parts: fc.array(payload, { minLength: 1, maxLength: 4 }),
    between: fc.option(control, { nil: undefined }),
  })
  .map(({ isBinary, parts, between }) => {
    const frames = parts.map((part, index) =>
      serverFrame(index > 0 ? CONTINUATION : isBinary ? BINARY : TEXT, part, {
        fin: index === parts.length - 1,
      }),
    );
    const told = [`${isBinary ? 'binary' : 'text'} ${Buffer.concat(parts).toString('hex')}`];
    if (between === undefined || frames.length === 1) return { frames, told };
    return {
      frames: [...frames.slice(0, 1), ...between.frames, ...frames.slice(1)],
      told: [...between.told, ...told],
    };
  });

describe('what a server sends', () => {
  it('is told message by message, wherever the network cuts it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(message, control), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 20 }),
        (sent, cuts) => {
          const { reader, told } = setUp();
          const stream = Buffer.concat(sent.flatMap(({ frames }) => frames));
          // One buffer is read into again and again, as that of a connection is.
          const piece = Buffer.alloc(3_000);
          for (let at = 0, i = 0; at < stream.length; i++) {
            const count = Math.min(cuts[i % cuts.length] ?? 1, stream.length - at);
            stream.copy(piece, 0, at, at + count);
            reader.read(piece.subarray(0, count));
            piece.fill(0xff);
            at += count;
          }
          expect(told).toEqual(sent.flatMap((each) => each.told));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is told byte by byte, too', () => {
    const { reader, told } = setUp();
    const stream = Buffer.concat([
      serverFrame(TEXT, Buffer.from('grü'), { fin: false }),
      serverFrame(PING, Buffer.from('?')),
      serverFrame(CONTINUATION, Buffer.from('ße')),
      serverFrame(CLOSE, closePayload(1_000)),
    ]);
    for (const byte of stream) reader.read(Buffer.from([byte]));
    expect(told).toEqual([`ping ${hex('?')}`, `text ${hex('grüße')}`, 'close 1000']);
  });

  it('may cut a character in two between frames', () => {
    const { reader, told } = setUp();
    const bytes = Buffer.from('€');
    reader.read(serverFrame(TEXT, bytes.subarray(0, 1), { fin: false }));
    reader.read(serverFrame(CONTINUATION, bytes.subarray(1)));
    expect(told).toEqual([`text ${hex('€')}`]);
  });

  it.each([
    ['without a code', Buffer.alloc(0), 1_005],
    ['with 1000', closePayload(1_000), 1_000],
    ['with 1014', closePayload(1_014), 1_014],
    ['with a code of the application and a reason', closePayload(4_999, Buffer.from('später')), 4_999],
  ])('ends with a close frame %s, and nothing counts after it', (_, bytes, code) => {
    const { reader, told } = setUp();
    reader.read(Buffer.concat([serverFrame(CLOSE, bytes), serverFrame(TEXT, Buffer.from('late'))]));
    reader.read(serverFrame(TEXT, Buffer.from('later')));
    expect(told).toEqual([`close ${code}`]);
  });
});

describe('a server that breaks the protocol', () => {
  const some = Buffer.from('x');
  it.each([
    ['sets a reserved bit', [serverFrame(TEXT, some, { reserved: 4 })], 1_002, 'reserved bit'],
    ['masks its frames', [serverFrame(TEXT, some, { masked: true })], 1_002, 'must not mask'],
    ['uses opcode 3', [serverFrame(3, some)], 1_002, 'no opcode 3'],
    ['uses opcode 11', [serverFrame(11, some)], 1_002, 'no opcode 11'],
    ['goes on with nothing', [serverFrame(CONTINUATION, some)], 1_002, 'has not begun'],
    [
      'begins a message within another',
      [serverFrame(TEXT, some, { fin: false }), serverFrame(TEXT, some)],
      1_002,
      'within another',
    ],
    ['cuts a ping in two', [serverFrame(PING, some, { fin: false })], 1_002, 'must be whole'],
    ['sends a long ping', [serverFrame(PING, Buffer.alloc(126))], 1_002, 'at most 125 bytes'],
    ['sends half a close code', [serverFrame(CLOSE, some)], 1_002, 'half a code'],
    ...[0, 999, 1_004, 1_005, 1_006, 1_015, 2_999, 5_000].map(
      (code) =>
        [`closes with ${code}`, [serverFrame(CLOSE, closePayload(code))], 1_002, `the code ${code}`] as const,
    ),
    [
      'gives a reason that is no text',
      [serverFrame(CLOSE, closePayload(1_000, Buffer.from([0xc3])))],
      1_007,
      'reason',
    ],
    ['sends text that is none', [serverFrame(TEXT, Buffer.from([0xc3, 0x28]))], 1_007, 'not UTF-8'],
    ['sends too much at once', [serverFrame(BINARY, Buffer.alloc(101))], 1_009, 'more than 100 bytes'],
    [
      'sends too much in pieces',
      [
        serverFrame(BINARY, Buffer.alloc(60), { fin: false }),
        serverFrame(CONTINUATION, Buffer.alloc(41), { fin: false }),
      ],
      1_009,
      'more than 100 bytes',
    ],
  ] as const)('and %s is refused, and not heard any more', (_, frames, closeCode, words) => {
    const { reader, told } = setUp(100);
    let refused: unknown;
    try {
      reader.read(Buffer.concat(frames));
    } catch (error) {
      refused = error;
    }
    expect(refused, 'a FrameError').toBeInstanceOf(FrameError);
    expect(refused).toMatchObject({ closeCode, message: expect.stringContaining(words) });
    reader.read(serverFrame(TEXT, some));
    expect(told, 'nothing of it is told').toEqual([]);
  });

  it('is refused for its header alone: nobody waits for a message that is too long', () => {
    const { reader } = setUp(100);
    expect(() => reader.read(serverFrame(BINARY, Buffer.alloc(70_000)).subarray(0, 10))).toThrow(FrameError);
  });

  it('does not take back what it has sent before', () => {
    const { reader, told } = setUp();
    const stream = Buffer.concat([serverFrame(TEXT, Buffer.from('good')), serverFrame(7, some)]);
    expect(() => reader.read(stream)).toThrow('no opcode 7');
    expect(told).toEqual([`text ${hex('good')}`]);
  });
});
