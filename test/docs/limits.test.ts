import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readHostJson } from '../../local/emulators/functions-host/functions/host-json.ts';
import { constantOf, valueIn } from './constants.ts';

const STREAM_LASTS_MS = constantOf('functions/control/api/timeline-events.ts', 'STREAM_LASTS_MS');

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const read = (file: string): string => readFileSync(`${ROOT}/${file}`, 'utf8');

interface Limit {
  readonly constant: string;
  /** The folder in which the constant is the only one of its name. */
  readonly folder: string;
  readonly value: number;
}

/** The rows of the table under the heading "Limits". */
function limitsOf(text: string): Limit[] {
  const [, section = ''] = text.split('\n## Limits\n');
  const [table = ''] = section.split('\n## ');
  return table
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| limit |'))
    .map((line) => {
      const [, value, constant, folder] =
        /\| (\d+)(?: [a-z]+)? \| `([A-Z_]+)` of `([a-z/]+)` \|$/.exec(line) ?? [];
      if (value === undefined || constant === undefined || folder === undefined)
        throw new Error(`a row of limits ends in "| value | \`CONSTANT\` of \`folder\` |", unlike: ${line}`);
      return { constant, folder, value: Number(value) };
    });
}

function valuesBelow(folder: string, constant: string): number[] {
  return globSync(`${folder}/**/*.ts`, { cwd: ROOT })
    .map((file) => valueIn(read(file), constant))
    .filter((value) => value !== undefined);
}

const APPS = 'docs/operating-the-function-apps.md';

describe.each(['docs/closures.md', 'docs/operating-the-relay.md', 'docs/workers.md', APPS])(
  'the limits in %s',
  (document) => {
    const limits = limitsOf(read(document));

    it('are a table', () => {
      expect(limits.length).toBeGreaterThan(5);
    });

    it.each(limits)('have the value of $constant of $folder', ({ constant, folder, value }) => {
      expect(valuesBelow(folder, constant), `the constants ${constant} below ${folder}`).toEqual([value]);
    });
  },
);

describe('docs/operating-the-relay.md', () => {
  const text = read('docs/operating-the-relay.md');
  const relay = globSync('relay/**/*.ts', { cwd: ROOT }).map(read).join('\n');

  it('names only metrics that the relay has', () => {
    const [, section = ''] = text.split('\n## Metrics\n');
    const named = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) =>
      [...(cell ?? '').matchAll(/`([a-z0-9_]+)`/g)].map(([, name]) => name),
    );
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((name) => !relay.includes(`'${name}'`))).toEqual([]);
  });

  it('names only reasons that the relay gives for what it ignores', () => {
    const reasons = [...text.replaceAll('\n', ' ').matchAll(/`control: ([^`]+)`/g)].map(
      ([, reason]) => reason,
    );
    const sources = relay + globSync('shared/wire/{relay,signed}/*.ts', { cwd: ROOT }).map(read).join('\n');
    expect(reasons.length).toBeGreaterThan(3);
    expect(reasons.filter((reason) => !sources.includes(`'${reason}'`))).toEqual([]);
  });
});

describe('functionTimeout of host.json', () => {
  const { functionTimeoutMs = 0 } = readHostJson(ROOT);

  it('leaves room for the longest invocation, which streams a timeline, and its last look into storage', () => {
    const values = new Map(limitsOf(read(APPS)).map(({ constant, value }) => [constant, value]));
    expect(Math.max(...values.values())).toBe(STREAM_LASTS_MS);
    const lastLookMs = 4 * (values.get('ANSWER_LIMIT_MS') ?? Number.NaN);
    expect(functionTimeoutMs).toBeGreaterThan(STREAM_LASTS_MS + lastLookMs);
  });

  it('is above the time at which the host gives a silent connection up, and within the plan of Consumption', () => {
    expect(functionTimeoutMs).toBeGreaterThan(240_000);
    expect(functionTimeoutMs).toBeLessThanOrEqual(600_000);
  });
});

describe('the check of limits', () => {
  it('reads products of numbers and of constants of the same file', () => {
    const source = 'export const SECOND_MS = 1_000;\nconst LIMIT_MS = 3 * SECOND_MS;\n';
    expect(valueIn(source, 'LIMIT_MS')).toBe(3_000);
    expect(valueIn(source, 'OTHER_MS')).toBeUndefined();
    expect(valueIn('const LIMIT_MS = 2 * ELSEWHERE_MS;', 'LIMIT_MS')).toBeNaN();
  });

  it('refuses a row without the name of a constant', () => {
    expect(() =>
      limitsOf('# A\n\n## Limits\n\n| limit | value | in the code |\n|---|---|---|\n| a | 3 ms | ? |'),
    ).toThrow('a row of limits ends in');
  });
});
