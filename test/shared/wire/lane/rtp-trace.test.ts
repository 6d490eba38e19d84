import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRtp, parseRtp } from '../../../../shared/wire/lane/rtp.ts';
import { readTrace, writeTrace } from '../../../../shared/wire/lane/rtp-trace.ts';

const packet = fc.record({
  payloadType: fc.constantFrom(0, 96, 97),
  marker: fc.boolean(),
  sequenceNumber: fc.nat(0xffff),
  timestamp: fc.nat(0x7fff_ffff),
  ssrc: fc.nat(0x7fff_ffff),
  payload: fc.uint8Array({ maxLength: 700 }),
});
const hex = (digits: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`)).filter((text) => /[1-9a-f]/.test(text));
const trace = fc.record({ traceId: hex(32), spanId: hex(16), flags: fc.nat(255) });

describe('the trace context of an RTP packet', () => {
  it('comes back, and the packet is the same for whoever does not look for it', () => {
    fc.assert(
      fc.property(packet, trace, (fields, context) => {
        const plain = formatRtp(fields);
        const traced = writeTrace(plain, context);
        expect(readTrace(traced)).toEqual(context);
        expect(parseRtp(traced)).toEqual(parseRtp(plain));
        expect(traced.byteLength % 4).toBe(plain.byteLength % 4);
      }),
    );
  });

  it('is not there in a packet without one, and a packet that has one keeps it', () => {
    fc.assert(
      fc.property(packet, trace, trace, (fields, one, other) => {
        expect(readTrace(formatRtp(fields))).toBeUndefined();
        const traced = writeTrace(formatRtp(fields), one);
        expect(writeTrace(traced, other)).toBe(traced);
      }),
    );
  });

  it('is never made up: any bytes are read without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const found = readTrace(bytes);
        if (found !== undefined) expect(found.traceId).toMatch(/^[0-9a-f]{32}$/);
      }),
    );
  });
});
