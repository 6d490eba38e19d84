import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { KeptChild } from '../../../../local/run/stack/kept-child.ts';
import type { Notice } from '../../../../local/run/watch/notice.ts';
import { until } from '../../../support/until.ts';

const MODULE = join(import.meta.dirname, '../../../fixtures/told-child.mjs');

async function keptChild(notice: Notice) {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-kept-'));
  const notices: Notice[] = [];
  const deaths: string[] = [];
  const mark = join(folder, 'mark');
  const args = [mark, JSON.stringify(notice)];
  const kept = new KeptChild(
    { name: 'worker app', module: MODULE, args, env: {}, isWatched: true },
    {
      onLine: () => {},
      onDeath: (message) => void deaths.push(message),
      onNotice: (each) => void notices.push(each),
    },
  );
  onTestFinished(async () => {
    await kept.kill();
    await rm(folder, { recursive: true, force: true });
  });
  await kept.start();
  return { kept, mark, notices, deaths };
}

it('starts a process again that has blocked for too long, and says so', async () => {
  const { kept, notices, deaths } = await keptChild({ kind: 'hung', text: 'has blocked' });
  const { pid } = kept;
  await until(() => kept.pid !== pid, 'another process');
  expect(notices).toMatchObject([
    { kind: 'hung' },
    { kind: 'restarted', text: 'The worker app has ended, and is started again.' },
  ]);
  expect(deaths).toEqual([]);
});

it('ends a process without asking it that is blocked, and does not start it again', async () => {
  const { kept, mark, notices, deaths } = await keptChild({ kind: 'blocked', text: 'blocks' });
  await until(() => notices.length === 1, 'what it tells');
  await kept.stop();
  expect(existsSync(`${mark}.asked`), 'it was asked first, and waited for').toBe(false);
  expect(notices).toHaveLength(1);
  expect(deaths).toEqual([]);
});
