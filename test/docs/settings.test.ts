import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { SETTINGS } from '../../shared/settings/setting-catalogue.ts';

it('docs/settings.md has one row for each setting, with its meaning and example, and no other', async () => {
  const text = await readFile(new URL('../../docs/settings.md', import.meta.url), 'utf8');
  const rows = new Map(
    [...text.matchAll(/^\| `([A-Z_]+)` \|(.*)$/gm)].map(([, name, rest]) => [name, rest ?? '']),
  );
  expect([...rows.keys()]).toEqual(Object.keys(SETTINGS));
  for (const [name, setting] of Object.entries(SETTINGS)) {
    expect(rows.get(name), `the row of ${name}`).toContain(setting.what);
    expect(rows.get(name), `the row of ${name}`).toContain(setting.example);
  }
});
