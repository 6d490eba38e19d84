import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatRtp,
  formatRtpInPlace,
  PAYLOAD_TYPE,
  parseRtp,
  RTP_HEADER_BYTES,
  RtpError,
} from '../../../../shared/wire/lane/rtp.ts';

const packet = fc.record({
  payloadType: fc.integer({ min: 0, max: 127 }),
  marker: fc.boolean(),
  sequenceNumber: fc.integer({ min: 0, max: 0xffff }),
  timestamp: fc.integer({ min: 0, max: 0xffff_ffff }),
  ssrc: fc.integer({ min: 0, max: 0xffff_ffff }),
  payload: fc.uint8Array({ maxLength: 2_000 }),
});

/** The bytes written as in the figure of RFC 3550, section 5.1: `10 P X CCCC M PPPPPPP`, then 16, 32 and 32 bits. */
const header = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

describe('RTP packets', () => {
  it('are read as they were written', () => {
    return fc.assert(
      fc.property(packet, (written) => {
        const read = parseRtp(formatRtp(written));
        expect({ ...read, payload: [...read.payload] }).toEqual({
          ...written,
          payload: [...written.payload],
        });
      }),
    );
  });

  it('are the same when they are written around their payload', () => {
    return fc.assert(
      fc.property(packet, fc.integer({ min: RTP_HEADER_BYTES, max: 40 }), (written, at) => {
        const memory = new Uint8Array(at + written.payload.byteLength + 5);
        memory.set(written.payload, at);
        const payload = memory.subarray(at, at + written.payload.byteLength);
        expect(formatRtpInPlace({ ...written, payload })).toEqual(formatRtp(written));
        expect(formatRtpInPlace({ ...written, payload }).buffer).toBe(memory.buffer);
      }),
    );
  });

  it('are not written around a payload without room before it', () => {
    const payload = new Uint8Array(640).subarray(RTP_HEADER_BYTES - 1);
    const rest = { payloadType: 96, marker: false, sequenceNumber: 0, timestamp: 0, ssrc: 0 };
    expect(() => formatRtpInPlace({ ...rest, payload })).toThrow(RangeError);
  });

  it('have the header of RFC 3550 in network byte order', () => {
    const bytes = formatRtp({
      payloadType: PAYLOAD_TYPE.pcm16KMono,
      marker: true,
      sequenceNumber: 0x0102,
      timestamp: 0x03040506,
      ssrc: 0x0708090a,
      payload: Uint8Array.of(0xaa, 0xbb),
    });
    expect([...bytes]).toEqual([0x80, 0xe0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0a, 0xaa, 0xbb]);
  });

  it('cut numbers to their field, as counters that wrap need', () => {
    const read = parseRtp(
      formatRtp({
        payloadType: 96,
        marker: false,
        sequenceNumber: 0x1_0002,
        timestamp: 0x1_0000_0003,
        ssrc: -1,
        payload: new Uint8Array(0),
      }),
    );
    expect(read).toMatchObject({ sequenceNumber: 2, timestamp: 3, ssrc: 0xffff_ffff });
  });

  it('are read from the middle of a larger buffer, without a copy of the payload', () => {
    const bytes = formatRtp({
      payloadType: 97,
      marker: false,
      sequenceNumber: 1,
      timestamp: 2,
      ssrc: 3,
      payload: Uint8Array.of(4, 5),
    });
    const larger = new Uint8Array(bytes.byteLength + 7);
    larger.set(bytes, 3);
    const { payload } = parseRtp(larger.subarray(3, 3 + bytes.byteLength));
    expect([...payload]).toEqual([4, 5]);
    expect(payload.buffer).toBe(larger.buffer);
  });

  it('are read past contributing sources, a header extension and padding', () => {
    const bytes = header(
      ...[0b10_1_1_0010, 0x60, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3],
      ...[9, 9, 9, 9, 8, 8, 8, 8], // two contributing sources
      ...[0xbe, 0xde, 0, 1, 7, 7, 7, 7], // an extension of one word
      ...[0xca, 0xfe], // the payload
      ...[0, 0, 3], // three bytes of padding
    );
    expect([...parseRtp(bytes).payload]).toEqual([0xca, 0xfe]);
  });

  it.each([
    ['an empty message', header()],
    ['a header cut off', new Uint8Array(RTP_HEADER_BYTES - 1).fill(0x80)],
    ['version 1', header(0x40, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
    ['contributing sources that are not there', header(0x8f, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
    ['an extension cut off', header(0x90, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde)],
    [
      'an extension longer than the packet',
      header(0x90, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0xff, 0xff),
    ],
    ['padding longer than the packet', header(0xa0, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200)],
  ])('are refused with an RtpError: %s', (_, bytes) => {
    expect(() => parseRtp(bytes)).toThrow(RtpError);
  });

  it('never give anything but a payload inside of the bytes, or an RtpError, whatever the bytes', () => {
    return fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.constantFrom(0x80, 0x90, 0xa0, 0xbf, undefined),
        (bytes, first) => {
          if (first !== undefined && bytes.length > 0) bytes[0] = first;
          try {
            const { payload } = parseRtp(bytes);
            expect(payload.byteOffset).toBeGreaterThanOrEqual(bytes.byteOffset + RTP_HEADER_BYTES);
            expect(payload.byteOffset + payload.byteLength).toBeLessThanOrEqual(
              bytes.byteOffset + bytes.byteLength,
            );
          } catch (error) {
            expect(error).toBeInstanceOf(RtpError);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
