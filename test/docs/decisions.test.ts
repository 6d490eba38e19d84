import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const FOLDER = new URL('../../docs/decisions/', import.meta.url);

const NUMBERS = String.raw`\d+(?:, \d+)*`;
const STATUS = new RegExp(
  `^(?:superseded by (?<supersededBy>\\d+)|accepted(?:; replaces (?<replaces>${NUMBERS}))?` +
    `(?:; amends (?<amends>${NUMBERS}))?(?:; amended by (?<amendedBy>${NUMBERS}))?)$`,
);

/** Relations between records, each with the one that the other record states in return. */
const RETURNED_BY = {
  supersededBy: 'replaces',
  replaces: 'supersededBy',
  amends: 'amendedBy',
  amendedBy: 'amends',
} as const;

type Relation = keyof typeof RETURNED_BY;

interface DecisionRecord {
  readonly file: string;
  readonly number: number;
  readonly title: string;
  readonly date: string;
  /** As written behind `Status: `. */
  readonly status: string;
  readonly related: Readonly<Record<Relation, readonly number[]>>;
}

const read = (file: string): string => readFileSync(new URL(file, FOLDER), 'utf8');

/** @throws Error that says what is missing at the top of the record */
function parseRecord(file: string, text: string): DecisionRecord {
  const [heading = '', empty, dateLine = '', statusLine = '', emptyAgain] = text.split('\n');
  const [, number, title] = /^# (\d+)\. (\S.*\S)$/.exec(heading) ?? [];
  if (number === undefined || title === undefined) throw new Error(`${file} begins with "# N. Title"`);
  const [, date] = /^Date: (\d{4}-\d{2}-\d{2})$/.exec(dateLine) ?? [];
  if (date === undefined || empty !== '') throw new Error(`${file} has "Date: YYYY-MM-DD" in its third line`);
  const [, status] = /^Status: (.+)$/.exec(statusLine) ?? [];
  const found = STATUS.exec(status ?? '');
  if (status === undefined || found === null || emptyAgain !== '')
    throw new Error(`${file} has a status in its fourth line that docs/decisions/README.md allows`);
  const numbersOf = (relation: Relation): number[] =>
    (found.groups?.[relation] ?? '').split(', ').filter(Boolean).map(Number);
  return {
    file,
    number: Number(number),
    title,
    date,
    status,
    related: {
      supersededBy: numbersOf('supersededBy'),
      replaces: numbersOf('replaces'),
      amends: numbersOf('amends'),
      amendedBy: numbersOf('amendedBy'),
    },
  };
}

/** One sentence for each record that names another one which does not exist or does not name it in return. */
function unreturned(records: readonly DecisionRecord[]): string[] {
  return records.flatMap(({ number, file, related }) =>
    (Object.keys(RETURNED_BY) as Relation[]).flatMap((relation) =>
      related[relation]
        .filter((other) => {
          const named = records.find((record) => record.number === other);
          return named === undefined || !named.related[RETURNED_BY[relation]].includes(number);
        })
        .map((other) => `${file} names record ${other}, which does not exist or does not name ${number}.`),
    ),
  );
}

const files = readdirSync(FOLDER).filter((file) => file !== 'README.md');

describe('the decision records', () => {
  it('are files of the form NNNN-short-title.md', () => {
    expect(files.length).toBeGreaterThan(60);
    expect(files.filter((file) => !/^\d{4}-[a-z0-9-]+\.md$/.test(file))).toEqual([]);
  });

  it.each(files)('%s begins with its number, its title, a date and a status', (file) => {
    const { number, date } = parseRecord(file, read(file));
    expect(file.slice(0, 4)).toBe(String(number).padStart(4, '0'));
    expect(new Date(date).toISOString().slice(0, 10)).toBe(date);
  });

  it('have a number each', () => {
    const numbers = files.map((file) => file.slice(0, 4));
    expect([...new Set(numbers)]).toEqual(numbers);
  });

  it('that replace or amend each other say so on both sides', () => {
    expect(unreturned(files.map((file) => parseRecord(file, read(file))))).toEqual([]);
  });

  it('are each in the index once, with their exact title, and with their status where it is more than accepted', () => {
    const rows = [...read('README.md').matchAll(/^\| \d+ \|.*$/gm)].map(([row]) => row);
    const expected = files
      .map((file) => parseRecord(file, read(file)))
      .map(
        ({ number, title, file, status }) =>
          `| ${number} | [${title}](${file}) | ${status === 'accepted' ? '' : `${status} `}|`,
      );
    expect(rows.toSorted()).toEqual(expected.toSorted());
  });

  it('refer only to records that exist', () => {
    const numbers = new Set(files.map((file) => Number(file.slice(0, 4))));
    const missing = files.flatMap((file) =>
      [...read(file).matchAll(/\brecords? (\d+)(?: and (\d+))?/g)]
        .flatMap(([, ...found]) => found)
        .filter((number) => number !== undefined && !numbers.has(Number(number)))
        .map((number) => `${file}: record ${number}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('the check of the records', () => {
  const text = (status: string, heading = '# 7. A title'): string =>
    `${heading}\n\nDate: 2026-12-01\nStatus: ${status}\n\n**Decided.** Something.\n`;
  const record = (number: number, status: string): DecisionRecord =>
    parseRecord(`${number}.md`, text(status, `# ${number}. A title`));

  it.each([
    'accepted',
    'superseded by 8',
    'accepted; replaces 1, 2',
    'accepted; replaces 1; amends 2; amended by 8, 9',
  ])('allows the status "%s"', (status) => {
    expect(parseRecord('0007-a.md', text(status)).status).toBe(status);
  });

  it.each(['proposed', 'Accepted', 'accepted, replaces 1', 'superseded', 'accepted; replaces', ''])(
    'refuses the status "%s"',
    (status) => {
      expect(() => parseRecord('0007-a.md', text(status))).toThrow('has a status in its fourth line');
    },
  );

  it.each(['# 0007: A title', '# A title', '7. A title'])('refuses the heading "%s"', (heading) => {
    expect(() => parseRecord('0007-a.md', text('accepted', heading))).toThrow('begins with "# N. Title"');
  });

  it('reports a record that is replaced or amended and does not say so', () => {
    expect(unreturned([record(1, 'superseded by 2'), record(2, 'accepted; replaces 1')])).toEqual([]);
    expect(unreturned([record(1, 'accepted'), record(2, 'accepted; replaces 1')])).toEqual([
      '2.md names record 1, which does not exist or does not name 2.',
    ]);
    expect(unreturned([record(1, 'accepted; amended by 3'), record(2, 'accepted')])).toEqual([
      '1.md names record 3, which does not exist or does not name 1.',
    ]);
  });
});
