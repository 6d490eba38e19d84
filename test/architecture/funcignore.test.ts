import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readLikeFunc, readLikeGit } from './funcignore.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FUNCIGNORE = readFileSync(`${ROOT}/.funcignore`, 'utf8');

/** This checkout, and what a build, an install and a developer's day leave in it. */
const FILES = [
  ...globSync('**/*', {
    cwd: ROOT,
    withFileTypes: true,
    exclude: ({ name }) => ['node_modules', '.git', 'dist'].includes(name),
  })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(ROOT.length).replaceAll('\\', '/')),
  'dist/functions/main.cjs',
  'dist/functions/main.cjs.map',
  'dist/functions/THIRD-PARTY-NOTICES.txt',
  'dist/relay/main.cjs',
  'dist/relay/main.cjs.map',
  'dist/relay/THIRD-PARTY-NOTICES.txt',
  'dist/stray.txt',
  'node_modules/zod/package.json',
  'node_modules/zod/host.json',
  'local/dist/functions/main.cjs',
  '.git/config',
  '.env',
  '.vscode/settings.json',
  'local.settings.json',
  '__azurite_db_table__.json',
];

const PUBLISHED = [
  'LICENSE',
  'dist/functions/THIRD-PARTY-NOTICES.txt',
  'dist/functions/main.cjs',
  'dist/functions/main.cjs.map',
  'host.json',
  'package.json',
];

describe('.funcignore', () => {
  it.each([
    ['func', readLikeFunc],
    ['azd and editors', readLikeGit],
  ])(
    'lets %s publish the bundle, the licences, host.json and package.json, and nothing else',
    (_, reader) => {
      expect(FILES, 'the files of this checkout were found').toContain('functions/main.ts');
      expect([...new Set(FILES.filter(reader(FUNCIGNORE)))].sort()).toEqual(PUBLISHED);
    },
  );
});

describe('the readers of .funcignore', () => {
  it('differ where the tools differ', () => {
    const text = '*\n!/dist\n!/dist/functions\n!/dist/functions/**';
    expect(readLikeFunc(text)('dist/relay/main.cjs'), '"!" is the beginning of a path for func').toBe(true);
    expect(readLikeGit(text)('dist/relay/main.cjs')).toBe(false);
    expect(readLikeGit('*\n!/dist/functions')('dist/functions/a'), 'dist itself is ignored').toBe(false);
    expect(readLikeGit('functions\n')('dist/functions/a'), 'a name without a slash is found anywhere').toBe(
      false,
    );
    expect(readLikeFunc('functions\n')('dist/functions/a')).toBe(true);
  });
});
