import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PATH =
  /`((?:functions|relay|shared|local|test|bench|scripts|docs|samples|examples)\/[\w./{},-]*\w\/?)`/g;

const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  // What was decided or changed once may name what is gone since.
  .filter((file) => file !== '' && file !== 'CHANGELOG.md' && !file.startsWith('docs/decisions/0'));

/** `a/{b,c}/d` stands for `a/b/d` and `a/c/d`. */
function each(path: string): string[] {
  const [whole, before = '', inside = '', after = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(path) ?? [];
  return whole === undefined ? [path] : inside.split(',').flatMap((part) => each(before + part + after));
}

describe.each(documents)('%s', (document) => {
  const text = readFileSync(join(ROOT, document), 'utf8');

  it('names only files and folders that exist', () => {
    const named = [...text.matchAll(PATH)].flatMap(([, path = '']) => each(path));
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('links only to files that exist', () => {
    const targets = [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => !existsSync(join(ROOT, dirname(document), target)))).toEqual([]);
  });
});

describe('the check of paths', () => {
  it('reads alternatives in braces', () => {
    expect(each('a/{b,c}/{d,e}')).toEqual(['a/b/d', 'a/b/e', 'a/c/d', 'a/c/e']);
  });
});
