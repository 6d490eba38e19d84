import { expect, it } from 'vitest';
import { RareLines } from '../../../shared/base/rare-lines.ts';

it('writes the first line about each thing, and then one in a while that says how many had none', () => {
  let nowMs = 0;
  const lines = new RareLines(1_000, () => nowMs);
  const next = (about: string, times: number) => Array.from({ length: times }, () => lines.next(about));
  expect(next('one', 3)).toEqual([0, undefined, undefined]);
  expect(next('other', 2)).toEqual([0, undefined]);
  nowMs = 999;
  expect(next('one', 1)).toEqual([undefined]);
  nowMs = 1_000;
  expect(next('one', 2)).toEqual([3, undefined]);
  expect(next('other', 1)).toEqual([1]);
});

it('remembers a bounded number of things, those with the latest lines', () => {
  const lines = new RareLines(1_000, () => 0);
  for (let about = 0; about < 1_001; about += 1) lines.next(String(about));
  expect(lines.next('1'), 'it has had its line').toBeUndefined();
  expect(lines.next('0'), 'it is forgotten').toBe(0);
});
