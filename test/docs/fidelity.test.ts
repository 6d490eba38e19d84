import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/fidelity.md'), 'utf8');
const SOURCES = ['recording', 'documentation', 'host', 'SDK', "Microsoft's emulator"];
/** A test as the page names it: `[file](path): "title"`. */
const TEST = /\[[^\]]+\]\((?<path>[^)]+)\): "(?<title>[^"]+)"/g;

/** The cells of each row, without the heads of the tables. */
const rows = PAGE.split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| behaviour |'))
  .map((line) => line.slice(2, -2).split(' | '));

/** The titles of the tests that a file holds. */
function titlesOf(path: string): string[] {
  const source = readFileSync(path, 'utf8');
  return [...source.matchAll(/\bit(?:\.each\([\s\S]*?\))?\(\s*(['"`])((?:\\.|(?!\1)[\s\S])*)\1/g)].map(
    ([, , title]) => (title ?? '').replaceAll("\\'", "'"),
  );
}

const testsOf = (cell: string) =>
  [...cell.matchAll(TEST)].map(({ groups }) => ({
    path: join(ROOT, 'docs', groups?.['path'] ?? ''),
    title: groups?.['title'] ?? '',
  }));

describe('docs/fidelity.md', () => {
  it('gives each behaviour a source that the page explains', () => {
    for (const row of rows) {
      expect(row, row.join(' | ')).toHaveLength(3);
      expect(
        SOURCES.some((source) => row[1]?.includes(source)),
        `a source of "${row[0]}"`,
      ).toBe(true);
    }
  });

  it('gives each behaviour a test that exists, or says why it is a choice', () => {
    for (const [behaviour, , proof = ''] of rows) {
      const tests = testsOf(proof);
      expect(tests.length > 0 || /Choice: ./.test(proof), `the proof of "${behaviour}"`).toBe(true);
      for (const { path, title } of tests)
        expect(titlesOf(path), `${path}, for "${behaviour}"`).toContain(title);
    }
  });

  it('has a row for each test of the emulators that is written after a source', () => {
    const named = new Set(
      rows.flatMap((row) => testsOf(row[2] ?? '')).map(({ path, title }) => `${path}: ${title}`),
    );
    const files = globSync('test/local/emulators/*/fidelity/*.test.ts', { cwd: ROOT });
    const written = files.flatMap((file) =>
      titlesOf(join(ROOT, file)).map((title) => `${join(ROOT, file)}: ${title}`),
    );
    expect(written.filter((test) => !named.has(test))).toEqual([]);
  });

  it('is named by the README of each emulator', () => {
    for (const path of globSync('local/emulators/*/README.md', { cwd: ROOT }))
      expect(readFileSync(join(ROOT, path), 'utf8'), path).toContain('/docs/fidelity.md');
  });
});
