import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCallId, maskParty } from '../../../../functions/control/call/model.ts';
import { CALL_ID_PATTERN } from '../../../../shared/wire/names.ts';

const digest = fc.uint8Array({ minLength: 20, maxLength: 32 });

describe('the id of a call', () => {
  it('is base32 of RFC 4648 in lower case', () => {
    const foobar = new TextEncoder().encode('foobar'.repeat(4).slice(0, 20));
    // Worked out by hand from the RFC's test vector "foobar" = MZXW6YTBOI: five bytes make eight characters.
    expect(formatCallId(foobar).slice(0, 8)).toBe('mzxw6ytb');
    expect(formatCallId(new Uint8Array(20))).toBe('a'.repeat(32));
    expect(formatCallId(new Uint8Array(20).fill(255))).toBe('7'.repeat(32));
  });

  it('is accepted wherever a call id is', () => {
    fc.assert(fc.property(digest, (bytes) => CALL_ID_PATTERN.test(formatCallId(bytes))));
  });

  it('differs where the first twenty bytes differ, and only there', () => {
    fc.assert(
      fc.property(digest, digest, (one, other) => {
        const areSame = Buffer.from(one.subarray(0, 20)).equals(Buffer.from(other.subarray(0, 20)));
        return (formatCallId(one) === formatCallId(other)) === areSame;
      }),
    );
  });

  it('refuses a digest that is too short', () => {
    expect(() => formatCallId(new Uint8Array(19))).toThrow('at least 20 bytes, this one has 19');
  });
});

describe('what is shown of a caller', () => {
  it.each([
    ['4:+14255550123', '…0123'],
    ['8:acs:8e2d_0000-00ab12', '…ab12'],
    ['1234', '…'],
    ['', '…'],
  ])('%s is at most its last four characters: %s', (rawId, shown) => {
    expect(maskParty(rawId)).toBe(shown);
  });
});
