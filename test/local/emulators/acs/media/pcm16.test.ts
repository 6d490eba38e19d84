import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePcm16 } from '../../../../../local/emulators/acs/media/outbound-codec.ts';

/** The standard alphabet with padding at its end, RFC 4648 section 4. */
const STANDARD = /^[A-Za-z0-9+/]*={0,2}$/;

describe('PCM16 in base64', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.int16Array({ maxLength: 700 }), (samples) => {
        const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
        expect(decodePcm16(bytes.toString('base64'))).toEqual(samples);
      }),
    );
  });

  it('is refused in every other spelling, and where half a sample is left', () => {
    const nearlyBase64 = fc.string({
      unit: fc.constantFrom(...'AZaz09+/=-_ \n.é'),
      maxLength: 24,
    });
    fc.assert(
      fc.property(nearlyBase64, (text) => {
        const decoded = decodePcm16(text);
        if (text.length % 4 !== 0 || !STANDARD.test(text)) expect(decoded).toBe('notBase64');
        else if (Buffer.from(text, 'base64').length % 2 !== 0) expect(decoded).toBe('oddLength');
        else expect(decoded).toBeInstanceOf(Int16Array);
      }),
      { numRuns: 2_000 },
    );
  });
});
