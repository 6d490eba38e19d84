import { hkdfSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { sealingKey } from '../../../../shared/wire/signed/sealing.ts';

const SECRET = 'a ticket key of at least thirty-two bytes, with an é';

it('derives a key for each purpose by HKDF-SHA256, as another implementation does', async () => {
  for (const purpose of ['ticket', 'stream handover'] as const) {
    const expected = hkdfSync('sha256', SECRET, new Uint8Array(), `trunkline ${purpose}`, 32);
    expect(await sealingKey(purpose, SECRET)).toEqual(new Uint8Array(expected));
  }
});
