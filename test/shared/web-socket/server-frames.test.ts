import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageReader } from '../../../shared/web-socket/message-reader.ts';
import { BINARY, CLOSE, CONTINUATION, closePayload, PING, PONG, TEXT } from './client-frames.ts';
import { serverFrame } from './server-frames.ts';

/** A client's reader, and what its listener heard, bytes as copies. */
function readerFixture(maxMessageBytes = 1_000_000) {
  const told: string[] = [];
  const reader = new MessageReader(
    {
      message: (bytes, isBinary) => told.push(`${isBinary ? 'binary' : 'text'} ${bytes.toString('hex')}`),
      ping: (bytes) => told.push(`ping ${bytes.toString('hex')}`),
      pong: () => told.push('pong'),
      closing: (code, reason) => told.push(`close ${code} ${reason}`.trim()),
      failed: (code, reason) => told.push(`failed ${code}: ${reason}`),
    },
    { sender: 'server', maxMessageBytes, maxFragments: 8 },
  );
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
  it('is heard message by message, wherever the network cuts it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(message, control), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 20 }),
        (sent, cuts) => {
          const { reader, told } = readerFixture();
          const stream = Buffer.concat(sent.flatMap(({ frames }) => frames));
          // One buffer is read into again and again, as that of a connection is.
          const piece = Buffer.alloc(3_000);
          for (let at = 0, i = 0; at < stream.length; i++) {
            const count = Math.min(cuts[i % cuts.length] ?? 1, stream.length - at);
            stream.copy(piece, 0, at, at + count);
            reader.push(piece.subarray(0, count));
            piece.fill(0xff);
            at += count;
          }
          expect(told).toEqual(sent.flatMap((each) => each.told));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is heard byte by byte, too', () => {
    const { reader, told } = readerFixture();
    const stream = Buffer.concat([
      serverFrame(TEXT, Buffer.from('grü'), { fin: false }),
      serverFrame(PING, Buffer.from('?')),
      serverFrame(CONTINUATION, Buffer.from('ße')),
      serverFrame(CLOSE, closePayload(1_000)),
    ]);
    for (const byte of stream) reader.push(Buffer.from([byte]));
    expect(told).toEqual([`ping ${hex('?')}`, `text ${hex('grüße')}`, 'close 1000']);
  });

  it('may cut a character in two between frames', () => {
    const { reader, told } = readerFixture();
    const bytes = Buffer.from('€');
    reader.push(serverFrame(TEXT, bytes.subarray(0, 1), { fin: false }));
    reader.push(serverFrame(CONTINUATION, bytes.subarray(1)));
    expect(told).toEqual([`text ${hex('€')}`]);
  });

  it.each([
    ['without a code', Buffer.alloc(0), '1005'],
    ['with 1000', closePayload(1_000), '1000'],
    ['with 1014', closePayload(1_014), '1014'],
    ['with a code of the application and a reason', closePayload(4_999, 'später'), '4999 später'],
  ])('ends with a close frame %s, and nothing counts after it', (_, bytes, expected) => {
    const { reader, told } = readerFixture();
    reader.push(Buffer.concat([serverFrame(CLOSE, bytes), serverFrame(TEXT, Buffer.from('late'))]));
    reader.push(serverFrame(TEXT, Buffer.from('later')));
    expect(told).toEqual([`close ${expected}`]);
  });
});

describe('a server that breaks the protocol', () => {
  const some = Buffer.from('x');
  it.each([
    ['sets a reserved bit', [serverFrame(TEXT, some, { reserved: 4 })], 1_002, 'a reserved bit is set'],
    ['masks its frames', [serverFrame(TEXT, some, { masked: true })], 1_002, 'a frame of a server is masked'],
    ['uses opcode 3', [serverFrame(3, some)], 1_002, 'an unknown opcode'],
    ['uses opcode 11', [serverFrame(11, some)], 1_002, 'an unknown opcode'],
    ['goes on with nothing', [serverFrame(CONTINUATION, some)], 1_002, 'a continuation of nothing'],
    [
      'begins a message within another',
      [serverFrame(TEXT, some, { fin: false }), serverFrame(TEXT, some)],
      1_002,
      'a message begins within another one',
    ],
    ['cuts a ping in two', [serverFrame(PING, some, { fin: false })], 1_002, 'a control frame is fragmented'],
    ['sends a long ping', [serverFrame(PING, Buffer.alloc(126))], 1_002, 'a control frame is too long'],
    [
      'sends half a close code',
      [serverFrame(CLOSE, some)],
      1_002,
      'a close code is not one that may be sent',
    ],
    ...[0, 999, 1_004, 1_005, 1_006, 1_015, 2_999, 5_000].map(
      (code) =>
        [
          `closes with ${code}`,
          [serverFrame(CLOSE, closePayload(code))],
          1_002,
          'a close code is not one that may be sent',
        ] as const,
    ),
    [
      'gives a reason that is no text',
      [serverFrame(CLOSE, closePayload(1_000, Buffer.from([0xc3])))],
      1_007,
      'a close reason is not UTF-8',
    ],
    ['sends text that is none', [serverFrame(TEXT, Buffer.from([0xc3, 0x28]))], 1_007, 'a text is not UTF-8'],
    ['sends too much at once', [serverFrame(BINARY, Buffer.alloc(101))], 1_009, 'a message is too long'],
    [
      'sends too much in pieces',
      [
        serverFrame(BINARY, Buffer.alloc(60), { fin: false }),
        serverFrame(CONTINUATION, Buffer.alloc(41), { fin: false }),
      ],
      1_009,
      'a message is too long',
    ],
  ] as const)('and %s is refused, and not heard any more', (_, frames, closeCode, words) => {
    const { reader, told } = readerFixture(100);
    reader.push(Buffer.concat(frames));
    reader.push(serverFrame(TEXT, some));
    expect(told).toEqual([`failed ${closeCode}: ${words}`]);
  });

  it('is refused for its header alone: nobody waits for a message that is too long', () => {
    const { reader, told } = readerFixture(100);
    reader.push(serverFrame(BINARY, Buffer.alloc(70_000)).subarray(0, 10));
    expect(told).toEqual(['failed 1009: a message is too long']);
  });

  it('does not take back what it has sent before', () => {
    const { reader, told } = readerFixture();
    reader.push(Buffer.concat([serverFrame(TEXT, Buffer.from('good')), serverFrame(7, some)]));
    expect(told).toEqual([`text ${hex('good')}`, 'failed 1002: an unknown opcode']);
  });
});
