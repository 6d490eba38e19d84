import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonBreaksAt } from '../../../../local/emulators/common/json-position.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('the place where a text stops being JSON', () => {
  it.each([
    ['{"a": 1,}', 'line 1, column 9'],
    ['{\n  "a": 1\n  "b": 2\n}', 'line 3, column 3'],
    ['{"a": "secret}', 'line 1, column 7'],
    ['{"a": [1, 2}', 'line 1, column 12'],
    ["{'a': 1}", 'line 1, column 2'],
    ['{"a" 1}', 'line 1, column 6'],
    ['{"a": 1', 'line 1, column 8'],
    ['[1 2]', 'line 1, column 4'],
    ['[1,]', 'line 1, column 4'],
    ['01', 'line 1, column 2'],
    ['{} {}', 'line 1, column 4'],
    ['', 'line 1, column 1'],
    ['// a comment\n{}', 'line 1, column 1'],
  ])('of %j is %s', (text, place) => {
    expect(jsonBreaksAt(text)).toBe(place);
  });

  it('is nowhere in JSON, and somewhere in everything that the parser refuses', () => {
    const pieces = fc.constantFrom(
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-',
      'true',
      'nul',
      ' ',
      '\n',
    );
    const texts = fc.oneof(
      fc.json(),
      fc.array(pieces, { maxLength: 9 }).map((some) => some.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(jsonBreaksAt(text) === undefined).toBe(isJson(text));
      }),
      { numRuns: 3_000 },
    );
  });
});
