import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64Into } from '../../../../../local/emulators/acs/media/outbound-reader.ts';

function decoded(text: string): Buffer | undefined {
  const target = Buffer.alloc(600);
  const length = decodeBase64Into(target, Buffer.from(`<${text}>`), 1, 1 + Buffer.byteLength(text));
  return length === undefined ? undefined : target.subarray(0, length);
}

describe('base64 within a text', () => {
  it('is decoded whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decoded(Buffer.from(bytes).toString('base64'))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each(['AQD', 'AQ-_', 'AQ\\n', 'A===', '====', 'AQ=A', 'AA==AAAA', 'A"AA', 'äAA', ' AQD'])(
    'is nothing else, such as %j',
    (text) => {
      expect(decoded(text)).toBeUndefined();
    },
  );

  it('needs room', () => {
    expect(() => decodeBase64Into(new Uint8Array(2), Buffer.from('AAAA'), 0, 4)).toThrow(RangeError);
  });
});
