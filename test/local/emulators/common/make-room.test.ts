import { expect, it } from 'vitest';
import { makeRoom } from '../../../../local/emulators/common/make-room.ts';

it('forgets the oldest entries, so many that there is room for one more', () => {
  const map = new Map([1, 2, 3, 4].map((key) => [key, 'x']));
  expect(makeRoom(map, 5)).toBe(0);
  expect([...map.keys()]).toEqual([1, 2, 3, 4]);
  expect(makeRoom(map, 4)).toBe(1);
  expect([...map.keys()]).toEqual([2, 3, 4]);
  expect(makeRoom(map, 2)).toBe(2);
  expect([...map.keys()]).toEqual([4]);
  expect(makeRoom(new Map(), 0)).toBe(0);
});
