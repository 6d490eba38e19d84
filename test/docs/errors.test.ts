import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { PROBLEMS } from '../../shared/wire/api/problem.ts';

it('docs/errors.md lists each problem with its status and title, and no other', async () => {
  const text = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z-]+)` \| (\d+) \| ([^|]+) \|/gm)];
  const listed = rows.map(([, name, status, title]) => [
    name,
    { status: Number(status), title: title?.trim() },
  ]);
  expect(Object.fromEntries(listed)).toEqual(PROBLEMS);
});
