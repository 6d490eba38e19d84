import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageReader } from '../../../shared/web-socket/message-reader.ts';
import {
  BINARY,
  CLOSE,
  type ClientFrame,
  CONTINUATION,
  clientFrame,
  closePayload,
  PING,
  PONG,
  TEXT,
} from './client-frames.ts';

const OPTIONS = { sender: 'client', maxMessageBytes: 100_000, maxFragments: 8 } as const;

function readerOf() {
  const seen: string[] = [];
  const reader = new MessageReader(
    {
      message: (data, isBinary) => seen.push(`${isBinary ? 'binary' : 'text'} ${data.toString('latin1')}`),
      ping: (data) => seen.push(`ping ${data.toString()}`),
      pong: () => seen.push('pong'),
      closing: (code, reason) => seen.push(`closing ${code} ${reason}`),
      failed: (code) => seen.push(`failed ${code}`),
    },
    OPTIONS,
  );
  return { reader, seen };
}

/** What is seen of these bytes, in one piece. */
function read(...frames: Buffer[]): string[] {
  const { reader, seen } = readerOf();
  reader.push(Buffer.concat(frames));
  return seen;
}

describe('The messages of a client', () => {
  it('are the same however the bytes are cut', () => {
    const payload = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
    const byte = fc.nat(255);
    const mask = fc.tuple(byte, byte, byte, byte);
    const whole = fc.record({ payload, mask, parts: fc.nat(4) });
    const cuts = fc.array(fc.nat(3_000), { maxLength: 30 });
    fc.assert(
      fc.property(fc.array(whole, { maxLength: 6 }), cuts, (messages, places) => {
        const bytes = Buffer.concat(messages.map((message) => fragmented(message)));
        const { reader, seen } = readerOf();
        const sorted = [...new Set([0, ...places, bytes.byteLength])].sort((a, b) => a - b);
        for (let i = 1; i < sorted.length; i += 1)
          reader.push(Buffer.from(bytes.subarray(sorted[i - 1], sorted[i])));
        const expected = messages.flatMap(({ payload: sent, parts }) => [
          ...Array.from({ length: parts }, () => 'ping between'),
          `binary ${sent.toString('latin1')}`,
        ]);
        expect(seen).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('are read where they lie, at every address', () => {
    for (let offset = 0; offset < 8; offset += 1) {
      const frame = clientFrame({ opcode: TEXT, payload: 'the quick brown fox' });
      const memory = Buffer.alloc(64);
      frame.copy(memory, offset);
      const { reader, seen } = readerOf();
      reader.push(memory.subarray(offset, offset + frame.byteLength));
      expect(seen).toEqual(['text the quick brown fox']);
    }
  });

  it.each([125, 126, 65_535, 65_536, 100_000])('may have %i bytes', (length) => {
    const text = 'a'.repeat(length);
    expect(read(clientFrame({ opcode: TEXT, payload: text }))).toEqual([`text ${text}`]);
  });

  it('may be masked with zeros, and may be empty', () => {
    expect(read(clientFrame({ opcode: TEXT, payload: 'plain', mask: [0, 0, 0, 0] }))).toEqual(['text plain']);
    expect(read(clientFrame({ opcode: TEXT }), clientFrame({ opcode: BINARY }))).toEqual([
      'text ',
      'binary ',
    ]);
  });

  it('may have control frames between their fragments', () => {
    const seen = read(
      clientFrame({ opcode: TEXT, payload: 'a', isFinal: false }),
      clientFrame({ opcode: PING, payload: 'still there?' }),
      clientFrame({ opcode: CONTINUATION, payload: 'b', isFinal: false }),
      clientFrame({ opcode: PONG }),
      clientFrame({ opcode: CONTINUATION, payload: 'c' }),
    );
    expect(seen).toEqual(['ping still there?', 'pong', 'text abc']);
  });

  it('may have a character of UTF-8 cut by their fragments', () => {
    const euro = Buffer.from('€');
    const seen = read(
      clientFrame({ opcode: TEXT, payload: euro.subarray(0, 1), isFinal: false }),
      clientFrame({ opcode: CONTINUATION, payload: euro.subarray(1) }),
    );
    expect(seen).toEqual([`text ${euro.toString('latin1')}`]);
  });

  it.each<[string, number, ClientFrame[]]>([
    ['a reserved bit', 1002, [{ opcode: TEXT, reserved: 4 }]],
    ['an unknown opcode', 1002, [{ opcode: 3 }]],
    ['an unknown control opcode', 1002, [{ opcode: 11 }]],
    ['a frame without a mask', 1002, [{ opcode: TEXT, mask: null }]],
    ['a continuation of nothing', 1002, [{ opcode: CONTINUATION }]],
    ['a message within another one', 1002, [{ opcode: TEXT, isFinal: false }, { opcode: TEXT }]],
    ['a ping in fragments', 1002, [{ opcode: PING, isFinal: false }]],
    ['a ping of 126 bytes', 1002, [{ opcode: PING, payload: 'x'.repeat(126) }]],
    ['a length in more bytes than need be', 1002, [{ opcode: TEXT, payload: 'x', lengthBytes: 2 }]],
    [
      'a length in far more bytes than need be',
      1002,
      [{ opcode: TEXT, payload: 'x'.repeat(300), lengthBytes: 8 }],
    ],
    ['a message that is too long', 1009, [{ opcode: TEXT, payload: 'x'.repeat(100_001) }]],
    [
      'fragments that are too long together',
      1009,
      [
        { opcode: TEXT, payload: 'x'.repeat(60_000), isFinal: false },
        { opcode: CONTINUATION, payload: 'x'.repeat(60_000) },
      ],
    ],
    [
      'too many fragments',
      1009,
      [
        { opcode: TEXT, isFinal: false },
        ...Array.from({ length: 8 }, () => ({ opcode: CONTINUATION, isFinal: false })),
      ],
    ],
    ['text that is not UTF-8', 1007, [{ opcode: TEXT, payload: Buffer.from([0xc3, 0x28]) }]],
    ['a close of one byte', 1002, [{ opcode: CLOSE, payload: 'x' }]],
    ['a close code that is not to be sent', 1002, [{ opcode: CLOSE, payload: closePayload(1006) }]],
    ['a close code below all', 1002, [{ opcode: CLOSE, payload: closePayload(999) }]],
    ['a close code of nobody', 1002, [{ opcode: CLOSE, payload: closePayload(2000) }]],
    [
      'a close reason that is not UTF-8',
      1007,
      [{ opcode: CLOSE, payload: closePayload(1000, Buffer.from([0xff])) }],
    ],
  ])('end with %s, by %i', (_, code, frames) => {
    const { reader, seen } = readerOf();
    reader.push(Buffer.concat(frames.map(clientFrame)));
    expect(seen).toEqual([`failed ${code}`]);
    reader.push(clientFrame({ opcode: TEXT, payload: 'more' }));
    expect(seen, 'nothing follows').toHaveLength(1);
  });

  it('tell of a message that is too long before it has come', () => {
    const { reader, seen } = readerOf();
    reader.push(clientFrame({ opcode: BINARY, payload: Buffer.alloc(200_000) }).subarray(0, 14));
    expect(seen).toEqual(['failed 1009']);
  });

  it.each([
    ['1000 done', closePayload(1000, 'done')],
    ['3000 ', closePayload(3000)],
    ['4999 ', closePayload(4999)],
    ['1005 ', Buffer.alloc(0)],
  ])('end with a close of the other side: %s', (told, payload) => {
    const after = clientFrame({ opcode: TEXT, payload: 'too late' });
    expect(read(clientFrame({ opcode: CLOSE, payload }), after)).toEqual([`closing ${told}`]);
  });
});

/** A message in `parts` + 1 fragments, with a ping after each but the last. */
function fragmented(message: {
  payload: Buffer;
  parts: number;
  mask: [number, number, number, number];
}): Buffer {
  const { payload, parts, mask } = message;
  const length = Math.ceil(payload.byteLength / (parts + 1));
  const frames = Array.from({ length: parts + 1 }, (_, at) => {
    const isLast = at === parts;
    const opcode = at === 0 ? BINARY : CONTINUATION;
    const part = payload.subarray(at * length, isLast ? undefined : (at + 1) * length);
    const frame = clientFrame({ opcode, payload: part, isFinal: isLast, mask });
    return isLast ? frame : Buffer.concat([frame, clientFrame({ opcode: PING, payload: 'between' })]);
  });
  return Buffer.concat(frames);
}
