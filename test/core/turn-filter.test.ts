import { expect, it } from 'vitest';
import { TurnFilter } from '../../shared/core/turn-filter.ts';

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
