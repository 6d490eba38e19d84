import { expect, it } from 'vitest';
import { readClientFrame, serverFrameHead } from '../../../bench/relay/web-socket-server-frames.ts';
import { BINARY, clientFrame } from '../../shared/web-socket/client-frames.ts';

it.each([0, 5, 125, 126, 3_300, 70_000])(
  'reads a client’s frame of %i bytes once all of it is there',
  (length) => {
    const payload = Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 7) & 0xff));
    const frame = clientFrame({ opcode: BINARY, payload });
    expect(readClientFrame(Buffer.from(frame), 0, frame.byteLength - 1)).toBeUndefined();
    const read = readClientFrame(Buffer.concat([Buffer.alloc(3), frame]), 3, 3 + frame.byteLength);
    expect(read?.opcode).toBe(BINARY);
    expect(read?.end).toBe(3 + frame.byteLength);
    expect(read?.payload.equals(payload)).toBe(true);
  },
);

it('writes the heads of RFC 6455', () => {
  expect([...serverFrameHead(2, 125)]).toEqual([0x82, 125]);
  expect([...serverFrameHead(2, 300)]).toEqual([0x82, 126, 1, 44]);
  expect([...serverFrameHead(1, 65_536)]).toEqual([0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
});
