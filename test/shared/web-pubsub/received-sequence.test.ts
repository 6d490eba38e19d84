import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReceivedSequence } from '../../../shared/web-pubsub/received-sequence.ts';

it('takes each numbered message once, in whatever pieces the connection repeats them', () => {
  return fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 10 }), (stepsBack) => {
      const received = new ReceivedSequence();
      const taken: number[] = [];
      let next = 1;
      for (const back of stepsBack) {
        const from = Math.max(1, next - back);
        for (let id = from; id < from + 15; id += 1) if (received.take(id)) taken.push(id);
        next = Math.max(next, from + 15);
      }
      expect(taken).toEqual(Array.from({ length: next - 1 }, (_, at) => at + 1));
    }),
  );
});

it('takes every message without a number', () => {
  const received = new ReceivedSequence();
  expect([received.take(undefined), received.take(undefined)]).toEqual([true, true]);
  expect(received.unconfirmed).toBeUndefined();
});

it('is to be confirmed once a second, and sooner when much has come', () => {
  const received = new ReceivedSequence();
  received.take(1);
  expect(received.isConfirmationDue(999)).toBe(false);
  expect(received.isConfirmationDue(1_000)).toBe(true);
  expect(received.unconfirmed).toBe(1);
  received.confirmed(1_000);
  expect(received.unconfirmed).toBeUndefined();
  expect(received.isConfirmationDue(9_000), 'nothing has come since').toBe(false);
  received.take(301);
  expect(received.isConfirmationDue(1_001)).toBe(true);
});
