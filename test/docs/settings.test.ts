import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { APP_ROLE_SETTING } from '../../functions/app-role.ts';
import { CONTROL_SETTINGS } from '../../functions/control/settings/control-settings.ts';
import { WORKER_SETTINGS } from '../../functions/workers/settings/worker-config.ts';
import { RELAY_SETTINGS } from '../../relay/settings/relay-settings.ts';

const SETTINGS = { ...APP_ROLE_SETTING, ...CONTROL_SETTINGS, ...WORKER_SETTINGS, ...RELAY_SETTINGS };

it('docs/settings.md has one row for each setting, with its meaning and example, and no other', async () => {
  const text = await readFile(new URL('../../docs/settings.md', import.meta.url), 'utf8');
  const rows = new Map(
    [...text.matchAll(/^\| `([A-Z_]+)` \|(.*)$/gm)].map(([, name, rest]) => [name, rest ?? '']),
  );
  expect([...rows.keys()].sort()).toEqual(Object.keys(SETTINGS).sort());
  for (const [name, setting] of Object.entries(SETTINGS)) {
    expect(rows.get(name), `the row of ${name}`).toContain(setting.what);
    expect(rows.get(name), `the row of ${name}`).toContain(setting.example);
  }
});
