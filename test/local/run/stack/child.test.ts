import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Child } from '../../../../local/run/stack/child.ts';

const MODULE = fileURLToPath(new URL('../../../fixtures/late-words.mjs', import.meta.url));

it('tells why a process could not start in its own words, though they are read after its end', async () => {
  const ignore = (): void => {};
  const child = new Child({ name: 'part', module: MODULE, env: {} }, ignore, ignore);
  await expect(child.ready()).rejects.toThrow('the reason comes late');
  expect(child.hasEnded).toBe(true);
});
