import { expect, it } from 'vitest';
import { textsIn } from '../../../../local/run/client/published-texts.ts';

const WORKERS = new Map([['group', 'logger']]);
const message = (data: unknown, group = 'group'): string => JSON.stringify({ type: 'message', group, data });

it('shows the texts of the workers of a call, shortened, and nothing else of what is published', () => {
  const actions = [
    { type: 'publish', text: 'a' },
    { type: 'stop' },
    { type: 'publish', text: 'b'.repeat(600) },
  ];
  expect(textsIn(message({ actions }), WORKERS)).toEqual([
    { worker: 'logger', text: 'a' },
    { worker: 'logger', text: 'b'.repeat(500) },
  ]);
  for (const other of [message({ actions }, 'another'), message('audio'), 'no JSON', undefined, 'null'])
    expect(textsIn(other, WORKERS)).toEqual([]);
});
