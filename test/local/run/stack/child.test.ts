import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Child } from '../../../../local/run/stack/child.ts';

const MODULE = fileURLToPath(new URL('../../../fixtures/late-words.mjs', import.meta.url));

it.runIf(process.platform === 'linux')('is in no process group that a terminal sends Ctrl-C to', async () => {
  const ignore = (): void => {};
  const child = new Child({ name: 'part', module: MODULE, env: {} }, ignore, ignore);
  const groupOf = (pid: number | undefined): string | undefined =>
    readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2];
  expect(groupOf(child.pid)).not.toBe(groupOf(process.pid));
  await child.kill();
});

it('tells why a process could not start in its own words, though they are read after its end', async () => {
  const ignore = (): void => {};
  const child = new Child({ name: 'part', module: MODULE, env: {} }, ignore, ignore);
  await expect(child.ready()).rejects.toThrow('the reason comes late');
  expect(child.hasEnded).toBe(true);
});
