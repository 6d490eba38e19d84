import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteRing } from '../../../relay/audio/byte-ring.ts';

it('gives back what is left of what came, in order, whatever was forgotten in between', () => {
  const step = fc.oneof(
    fc.record({ push: fc.uint8Array({ maxLength: 50 }) }),
    fc.record({ drop: fc.nat(60) }),
    fc.constant('take' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const ring = new ByteRing();
      let model: number[] = [];
      for (const each of steps) {
        if (each === 'take') {
          expect([...ring.takeAll()]).toEqual(model);
          model = [];
        } else if ('push' in each) {
          ring.push(each.push);
          model.push(...each.push);
          each.push.fill(0);
        } else {
          ring.drop(each.drop);
          model = model.slice(each.drop);
        }
        expect(ring.byteLength).toBe(model.length);
      }
      expect([...ring.takeAll()]).toEqual(model);
    }),
  );
});
