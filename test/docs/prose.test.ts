import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const MAX_COLUMNS = 120;
const MAX_PHRASES = 60;

/** Phrases that nobody says aloud to a colleague. */
const PHRASES =
  /\b(whoever|anew)\b|\bAbsent:|\b(is|are) (to be|told)\b|\bof whom\b|\bby which\b|\b(he|his|him)\b/gi;

interface Line {
  readonly number: number;
  readonly text: string;
}

const linesOf = (text: string): Line[] =>
  text.split('\n').map((line, index) => ({ number: index + 1, text: line.trimEnd() }));

const hasLongUrl = (text: string): boolean =>
  (text.match(/\S*:\/\/\S*/g) ?? []).some((url) => url.length > MAX_COLUMNS);

const isTooLong = ({ text }: Line): boolean => [...text].length > MAX_COLUMNS && !hasLongUrl(text);

/** Lines of prose: no fence or what is in it, table, heading, or line of nothing but links. */
function proseLines(markdown: string): Line[] {
  let fence: string | undefined;
  return linesOf(markdown).filter(({ text }) => {
    const [, mark] = /^\s*(?:[-*] |\d+\. )?(`{3,}|~{3,})/.exec(text) ?? [];
    if (fence !== undefined) {
      if (mark?.startsWith(fence) && text.trim() === mark) fence = undefined;
      return false;
    }
    fence = mark;
    if (mark !== undefined || /^\s*(\||#{1,6} )/.test(text)) return false;
    const rest = text.replaceAll(/!?\[(?:[^[\]]|\[[^\]]*\]\([^)]*\))*\](?:\([^)]*\)|:\s+\S+)/g, '');
    return rest === text || /[\p{L}\p{N}]/u.test(rest);
  });
}

function commentLines(source: string): Line[] {
  return linesOf(source).filter(({ text }) => /^\s*(\/\/|\*|\/\*)/.test(text));
}

/** One entry for each phrase in a text. */
const phrasesOf = (text: string): { readonly number: number; readonly phrase: string }[] =>
  linesOf(text).flatMap(({ number, text: line }) =>
    [...line.matchAll(PHRASES)].map(([phrase]) => ({ number, phrase })),
  );

/** Tracked files that exist, with their text. */
function tracked(...patterns: string[]): ReadonlyMap<string, string> {
  const names = execFileSync('git', ['ls-files', '-z', '--cached', '--', ...patterns], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const deleted = execFileSync('git', ['ls-files', '-z', '--deleted', '--', ...patterns], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const gone = new Set(deleted.split('\0'));
  return new Map(
    names
      .split('\0')
      .filter((file) => file !== '' && !gone.has(file))
      .map((file) => [file, readFileSync(`${ROOT}/${file}`, 'utf8')] as const),
  );
}

function tooLong(files: ReadonlyMap<string, string>, lines: (text: string) => Line[]): string[] {
  return [...files].flatMap(([file, text]) =>
    lines(text)
      .filter(isTooLong)
      .map((line) => `${file}:${line.number} has ${[...line.text].length} columns`),
  );
}

const documents = tracked('*.md');
const sources = tracked('*.ts', '*.tsx');

describe('the prose of the repository', () => {
  it('was found', () => {
    expect(documents.size).toBeGreaterThan(80);
    expect(sources.size).toBeGreaterThan(800);
  });

  it(`has lines of at most ${MAX_COLUMNS} columns in Markdown`, () => {
    expect(tooLong(documents, proseLines)).toEqual([]);
  });

  it(`has lines of at most ${MAX_COLUMNS} columns in comments`, () => {
    expect(tooLong(sources, commentLines)).toEqual([]);
  });

  it(`has at most ${MAX_PHRASES} phrases that nobody says aloud`, () => {
    const found = [...documents, ...sources]
      .filter(([file]) => !file.startsWith('test/') && !file.startsWith('docs/decisions/'))
      .flatMap(([file, text]) =>
        phrasesOf(text).map(({ number, phrase }) => `${file}:${number} says "${phrase}"`),
      );
    expect(found.length, `there are ${found.length}:\n${found.join('\n')}\n`).toBeLessThanOrEqual(
      MAX_PHRASES,
    );
  });
});

describe('the check of prose', () => {
  const numbers = (lines: Line[]): number[] => lines.map(({ number }) => number);

  it('passes over tables, headings, fences and lines of links alone', () => {
    const markdown = [
      '# A heading',
      'Prose.',
      '| a | table |',
      '```ts',
      'code',
      '```',
      '- An item with a [link](a.md).',
      '[One](a.md) · [two](b.md)',
      '[![a badge](badge.svg)](a.md)',
      '  ~~~',
      '```',
      '  ~~~',
      '3. The end.',
    ].join('\n');
    expect(numbers(proseLines(markdown).filter(({ text }) => text !== ''))).toEqual([2, 7, 13]);
  });

  it('takes a line for a comment by what it begins with', () => {
    const source = [
      '// one',
      '  /** two',
      '   * three',
      '   */',
      'code(); // no line of its own',
      'const a = 2 * 3;',
    ].join('\n');
    expect(numbers(commentLines(source))).toEqual([1, 2, 3, 4]);
  });

  it('measures columns in characters, and passes over a URL that is longer than a line', () => {
    expect(isTooLong({ number: 1, text: 'µ'.repeat(120) })).toBe(false);
    expect(isTooLong({ number: 1, text: '🂡'.repeat(120) })).toBe(false);
    expect(isTooLong({ number: 1, text: 'µ'.repeat(121) })).toBe(true);
    expect(isTooLong({ number: 1, text: `See https://example.org/${'a'.repeat(120)}.` })).toBe(false);
    expect(isTooLong({ number: 1, text: `${'a'.repeat(120)} https://example.org` })).toBe(true);
  });

  it('finds the phrases in any case, and only as words of their own', () => {
    const text = 'Whoever asks is told so.\nThe anewism of this history.\nAbsent: He is to be heard.';
    expect(phrasesOf(text)).toEqual([
      { number: 1, phrase: 'Whoever' },
      { number: 1, phrase: 'is told' },
      { number: 3, phrase: 'Absent:' },
      { number: 3, phrase: 'He' },
      { number: 3, phrase: 'is to be' },
    ]);
  });
});
