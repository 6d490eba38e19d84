import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PRESENCE_LIMIT_MS } from '../../shared/wire/lane/resident-messages.ts';
import { ENTRIES } from './access-promises.ts';
import { constantOf } from './constants.ts';

const PLACES = 'functions/control/access/stream-places.ts';
const STREAMING = 'functions/control/call/streaming.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(`${ROOT}/${file}`, 'utf8');
const document = read('docs/access.md');

/** The sentences, items of lists and rows of tables. */
function promisesOf(markdown: string): string[] {
  const blocks: string[] = [];
  let block = '';
  const end = (): void => {
    if (block !== '') blocks.push(block);
    block = '';
  };
  const lines = markdown.split('\n');
  for (const [index, line] of lines.entries()) {
    const isRow = line.startsWith('|');
    if (isRow || line.trim() === '' || line.startsWith('#') || /^(- |\d+\. )/.test(line)) end();
    if (isRow && !line.startsWith('|---') && lines[index + 1]?.startsWith('|---') !== true) blocks.push(line);
    else if (!isRow && !line.startsWith('#')) block = `${block} ${line.trim()}`.trim();
  }
  end();
  return blocks.flatMap((each) =>
    each.startsWith('|') ? [each] : each.replace(/^(- |\d+\. )/, '').split(/(?<=\.) (?=[A-Z`*])/),
  );
}

/** Whether a string of the source, such as a title, has this part. */
function hasTitle(source: string, part: string): boolean {
  return source
    .split('\n')
    .some(
      (line) =>
        !/^\s*(\/\/|\*|\/\*)/.test(line) && /['"`]/.test(line.split(part, 1)[0] ?? '') && line.includes(part),
    );
}

const promises = promisesOf(document);
const proofs = ENTRIES.flatMap(([, ...kinds]) => kinds.filter((kind) => typeof kind !== 'string'));

describe('docs/access.md', () => {
  it('promises nothing without an entry in access-promises.ts', () => {
    expect(promises.length).toBeGreaterThan(90);
    expect(promises.filter((each) => !ENTRIES.some(([fragment]) => each.includes(fragment)))).toEqual([]);
  });

  it('has one sentence for each entry, in the same order', () => {
    const places = ENTRIES.map(([fragment]) => {
      const found = promises.flatMap((each, place) => (each.includes(fragment) ? [place] : []));
      expect(found, `sentences with "${fragment}"`).toHaveLength(1);
      return found[0];
    });
    expect(places).toEqual(promises.map((_, place) => place));
  });

  it.each(proofs.map(([file, title]) => ({ file, title })))(
    'has a test in $file: $title',
    ({ file, title }) => {
      expect(existsSync(`${ROOT}/test/${file}`)).toBe(true);
      expect(hasTitle(read(`test/${file}`), title)).toBe(true);
    },
  );

  it('explains and instructs in few sentences', () => {
    expect(ENTRIES.filter(([, kind]) => typeof kind === 'string').length).toBeLessThan(promises.length / 5);
  });

  it('has the numbers of the code', () => {
    const text = promises.join(' ');
    const callers = /MAX_CALLERS = (\d+)_000;/.exec(read('functions/control/access/access.ts'))?.[1];
    for (const words of [
      `at most ${constantOf(STREAMING, 'MAX_RESTARTS')} times a minute, ${constantOf(STREAMING, 'RESTART_PAUSE_MS') / 1_000} s apart`,
      `up to ${constantOf('relay/lane/lane.ts', 'OPEN_ATTEMPTS')} times in a row`,
      `for ${PRESENCE_LIMIT_MS / 1_000} s`,
      `the ${callers},000 most recent callers`,
      `${constantOf(PLACES, 'MAX_STREAMS')} to all of them`,
    ])
      expect(text).toContain(words);
    expect(constantOf(PLACES, 'MAX_STREAMS_PER_CALLER')).toBe(4);
  });
});

describe('docs/threat-model.md', () => {
  const model = read('docs/threat-model.md');

  it('says what a leak of each secret among the settings costs', () => {
    const secrets = [
      ...read('docs/settings.md').matchAll(/`([A-Z_]+(?:_KEY|_TOKEN|_CONNECTION_STRING)(?:_PREVIOUS)?)`/g),
    ];
    const names = new Set(secrets.map(([, name]) => name ?? ''));
    expect(names.size).toBeGreaterThan(5);
    expect([...names].filter((name) => !model.includes(`\`${name}\``))).toEqual([]);
  });

  it('is one page', () => {
    expect(model.split('\n').length).toBeLessThan(70);
  });
});

describe('the check of promises', () => {
  it('reads sentences, items and rows, and neither headings nor what is above a table', () => {
    const text = '# A\n\nOne `a. b`\nthing. Two.\n\n- Three: four.\n- Five\n  six.\n\n| a |\n|---|\n| b |\n';
    expect(promisesOf(text)).toEqual(['One `a. b` thing.', 'Two.', 'Three: four.', 'Five six.', '| b |']);
  });

  it('takes titles and not comments for tests', () => {
    expect(hasTitle("it('does it', () => {", 'does it')).toBe(true);
    expect(hasTitle("// It's known that it does it.", 'does it')).toBe(false);
    expect(hasTitle('does it', 'does it')).toBe(false);
  });
});
