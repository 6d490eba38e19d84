import { expect, it } from 'vitest';
import { TurnFilter } from '../../../relay/speak/turn-filter.ts';

const TURNS_PER_STREAM = 65_536;

it('tells audio of the present turn from that of one that is over and of one that has not begun', () => {
  const turns = new TurnFilter();
  expect([turns.judge(0), turns.judge(undefined), turns.judge(1)]).toEqual([
    'current',
    'current',
    'not begun',
  ]);
  expect(turns.next()).toBe(1);
  expect([turns.judge(0), turns.judge(undefined), turns.judge(1)]).toEqual(['old', 'current', 'current']);
  expect(turns.turn).toBe(1);
});

it('counts from a number of its own in each stream, and takes what was said in the one before until it is interrupted', () => {
  const turns = new TurnFilter(2);
  expect(turns.turn).toBe(2 * TURNS_PER_STREAM);
  expect(turns.judge(TURNS_PER_STREAM - 1), 'two streams ago').toBe('old');
  expect(turns.judge(TURNS_PER_STREAM), 'the stream before').toBe('current');
  expect(turns.judge(2 * TURNS_PER_STREAM + 1)).toBe('not begun');
  expect(turns.next()).toBe(2 * TURNS_PER_STREAM + 1);
  expect(turns.judge(2 * TURNS_PER_STREAM - 1)).toBe('old');
  expect(new TurnFilter(1).judge(0), 'the first stream begins at 0').toBe('current');
});
