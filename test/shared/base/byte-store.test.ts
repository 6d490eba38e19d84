import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteStore } from '../../../shared/base/byte-store.ts';

it('gives the bytes of all its pieces in their order, and is empty then', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 });
  const store = new ByteStore();
  fc.assert(
    fc.property(pieces, (all) => {
      for (const piece of all) {
        const copy = new Uint8Array(piece);
        store.add(copy);
        copy.fill(0);
      }
      const bytes = all.flatMap((piece) => [...piece]);
      expect(store.byteLength).toBe(bytes.length);
      expect([...store.take()]).toEqual(bytes);
      expect(store.byteLength).toBe(0);
    }),
  );
});

it('takes at most twice the bytes of pieces of one byte', () => {
  const store = new ByteStore();
  for (let count = 1; count <= 5_000; count += 1) store.add(Uint8Array.of(count));
  const { byteLength, buffer } = store.take();
  expect(byteLength).toBe(5_000);
  expect(buffer.byteLength).toBeLessThanOrEqual(10_000);
});
