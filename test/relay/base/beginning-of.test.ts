import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { beginningOf } from '../../../relay/base/beginning-of.ts';

it('leaves a short text as it is, and no half of a character at the end of a long one', () => {
  expect(beginningOf('short', 5)).toBe('short');
  expect(beginningOf('shorter', 5)).toBe('short');
  expect(beginningOf('abcd😀', 5)).toBe('abcd\uFFFD');
});

it('keeps nothing of a long text in memory but its beginning', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const before = process.memoryUsage().heapUsed;
  const kept = Array.from({ length: 50 }, (_, i) =>
    beginningOf(JSON.parse(`"${i}${'x'.repeat(1_000_000)}"`), 1_000),
  );
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
  expect(kept).toHaveLength(50);
});
